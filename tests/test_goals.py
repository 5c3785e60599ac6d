from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.goals import find_goal, is_bookkeeping
from cml_bot.model import Goal

HIGHER = """
    accuracy | acc | acc,none | acc_norm,none | val_accuracy | valAccuracy | test/acc | eval_accuracy
    balanced_accuracy | accuracy_top1 | metrics/accuracy_top5 | top-3 | val_top-3 | top 5 acc | top_k_accuracy
    sparse_top_k_accuracy | Accuracy:proba_border=0.3 | Accuracy:proba_border=0.3:0 | mean_test_accuracy
    split0_test_f1_macro | cv_scores | results/add_mc/acc,none | results/add_gen/exact_match,strict-match
    exact_match | em | quasi_exact_match | precision | recall | benign/precision | weighted avg/f1-score
    val/by_class/malignant/recall | recall_at_10 | f1 | F1 | F1Score | f1_score | eval_f1 | test_f1_macro
    FBetaTopK(k=5) | fbeta_top_k
    F1:0 | fbeta_score | micro-F1 | auc | AUC:0 | ROC-AUC | roc_auc | roc_auc_ovr_weighted | validation_0/AUC
    PR_AUC | prAUC | average_precision | eval/auc | valid_0's auc | auroc | AP50 | AP_small | AR@100 | mAP
    metrics/mAP50(B) | metrics/mAP50-95(B) | mAP50-95(B) | map_50 | metrics/precision(B) | metrics/recall(B)
    iou | mIoU | MeanIoU | mean_io_u | dice | dice_score | panoptic/PQ_dice | psnr | SSIM | ms_ssim
    inception_score | r2 | R^2 | R² | r2_score | explained_variance | pearson_r | spearmanr
    matthews_corrcoef | cohen_kappa | d2_absolute_error_score | neg_mean_squared_error
    test_neg_root_mean_squared_error | neg_log_loss | neg_brier_score | mean_test_neg_mean_absolute_error
    log_likelihood | elbo | brier_skill_score | bleu | sacrebleu | BLEU-4 | rouge1 | rougeL | rougeLsum
    meteor | chrf | chrF++ | bertscore_f1 | comet | ndcg@10 | NDCG@10 | mrr | MRR@10 | hit_rate | hits@10
    HR@10 | R@5 | recall@10 | precision@k | map@10 | pass@1 | humaneval/pass@10 | pass_rate | maj@8 | win_rate
    success_rate | eval/success | reward | rollout/ep_rew_mean | episode_reward | mean_return | rewards/chosen
    rewards/accuracies | sharpe_ratio | tpr | tnr | specificity | sensitivity | true_positive_rate
    tpr_at_fpr_0.01 | tpr@fpr=0.01 | throughput | tokens_per_second | tokens/s | output_tokens_per_sec | qps
    images_per_second | faithfulness | answer_relevancy | context_recall | non_llm_string_similarity
    toxicity_f1 | toxicity/auc | bias/accuracy | score | test_score | mean_test_score | gini | lift@10
    silhouette_score | adjusted_rand_score | customer_support_accuracy | loss_of_lift/auc | recall_malignant
    accuracy_librispeech_clean | neg_recall | learn/F1 | count_accuracy
    gsm8k/exact_match,strict-match | truthfulqa/bleu_max | sums/match/accuracy | sums/f1/mean | echo/Say cats/pass_rate
    Exact Match/pass_rate | Correctness [GEval] | Contextual Recall | Task Completion | Prompt Alignment | conciseness
    string_present | factual_correctness(mode=f1) | llm_context_precision_with_reference | context_utilization
    f1/drop | results/drop/em | precision/threshold_0.5 | train_reward_per_step | accuracy/snr_10db
    error_reduction | relative_error_reduction | wer_reduction | accuracy_improvement | gap_statistic | hamming_score
    c_index | concordance-index | cindex | g-mean | d2_pinball_score | tar@far=0.01 | dimensionality_reduction/auc
"""

LOWER = """
    loss | val_loss | val/loss | train_loss | eval_loss | valLoss | trainLoss | test/loss | train/loss_epoch
    train/loss_step | train/box_loss | val/dfl_loss | policy_loss | triplet_loss | accuracy_loss | loss/ce
    run-a - val/loss__MIN | log_loss | logloss | Logloss:0 | validation_1/logloss | valid/binary_logloss
    test-logloss-mean | multi_logloss | valid binary_logloss-mean | categorical_crossentropy
    binary_cross_entropy | nll | neg_log_likelihood | error_rate | eval/error@0.3 | multi_error
    reconstruction_error | train/error | max_error | top-5_error | mean_squared_error | rmse | RMSE
    root_mean_squared_error | val/rmse | mae | MAE | mape | sMAPE | object_count_mae | mean_absolute_error
    msle | crps | quantile_loss | l2 | valid_0's l1 | wer | eval/wer | cer | ter | wer/librispeech-clean | mer
    der | EER | perplexity | ppl | word_perplexity,none | results/sky_ppl/bits_per_byte,none | bits_per_byte
    bpc | fid | FID | fid_score | lpips | niqe | mcd | kid_mean | hd95 | chamfer_distance | edit_distance
    latency | latency_p99_ms | latency_ms | latencyMs | totalLatencyMs | p99_ms | p99 | request_p95_ms
    inference_time_ms | time_to_first_token | ttft | time_per_image | ms_per_token | response_time | memory_mb
    peak_memory_mb | gpu_mem | size | size_mb | model_size | model_size_mb | cost | cost_usd | emissions
    energy_consumed | ece | expected_calibration_error | brier | brier_score | false_positive_rate | fpr | fnr
    false_negative_rate | false_discovery_rate | fpr@95tpr | miss_rate | kl | approx_kl | kl_divergence
    drift | drift_share | data_drift_score | psi | toxicity | toxicity_score | hallucination_rate
    Hallucination | generalization_gap | max_drawdown | regret | accuracy_drop
    demographic_parity_difference | attack_success_rate | davies_bouldin_score | inertia | mean_rank | aic
    noise_sensitivity(mode=relevant) | harmfulness | maliciousness | PII Leakage | sky_ppl/word_perplexity
    testFailCount | results/stats/errors | num_errors | failures
    wer/snr_10db | wer_snr_5
    auc_gap | val/recall_gap | optimality_gap | gap | pinball | mean_pinball_loss | hamming | hamming_loss
    accuracy_reduction | winkler_score | huber | frr
"""

BOOKKEEPING = """
    epoch | step | Step | global_step | best_global_step | iteration | iter | best_iteration
    meta/iteration_count | n_test | n_train | n_items | num_parameters | model_num_parameters | parameters
    train_samples | eval_samples | benign/support | macro avg/support | weighted avg/support | cpu_count
    sample_len | groups/arith/sample_count/acc,none | train_seconds | train/seconds | seconds | train_time_s
    time | fit_time | score_time | mean_fit_time | epoch_time | train_runtime | eval_runtime | _runtime
    _wandb/runtime | duration | durationMs | runDuration | elapsed | passed_time | timestamp | _timestamp
    total_flos | num_input_tokens_seen | total_tokens | input_tokens | lr | lr-SGD | lr/pg0 | learning_rate
    log_history/learning_rate | grad_norm | train/grad_norm_layer1 | batch_size | train_size | seed
    config/random_seed | version | results/version | id | run_id | acc_stderr,none | acc_norm_stderr,none
    test-logloss-std | valid binary_logloss-stdv | std_test_accuracy | test_std | rank_test_accuracy | cv_std
    counts/n | recall.n | val/loss/n | counts/null/age | reward_std | n-shot/sky_ppl
"""

RATES = """
    train_samples_per_second | eval_samples_per_second | test_steps_per_second | train_steps_per_second
    train_tokens_per_second | steps_per_second
"""

UNKNOWN = """
    w | x | test_only | final | best | best_score | best_metric | threshold | accuracy_threshold
    best_f1_threshold | risk_score | score_setosa | y_score | anomaly_score | distance | entropy
    policy_entropy | ks | p_value | drift_p_value | vocab_quirk | ep_len_mean | temperature | return_rate
    loss_ratio_diff | accuracy_delta | mean | max | 1 | 84 | fraction_of_positives | mean_predicted
    importance | feature_importance/f1 | rewards/rejected | entropy_loss | mean_bias_error
    truthfulqa/bleu_diff | sums/rubric/tone/mean | refusal_rate | Bias
    bias | test_bias | cardinality/est
    size_of_things | precisionist | glossy | latent | mapping | time_series_skill | multi_step_reasoning
    reduction | epochs_without_improvement | memory_limit | ram_utilization_percent | 精度 | точность | f 12
"""


def names(text: str) -> list[str]:
    return [name for line in text.splitlines() for part in line.split(" | ") if (name := part.strip(" |"))]


@pytest.mark.parametrize("name", names(HIGHER))
def test_higher_is_better(name: str) -> None:
    assert (find_goal(name), is_bookkeeping(name)) == (Goal.HIGHER, False)


@pytest.mark.parametrize("name", names(LOWER))
def test_lower_is_better(name: str) -> None:
    assert (find_goal(name), is_bookkeeping(name)) == (Goal.LOWER, False)


@pytest.mark.parametrize("name", names(BOOKKEEPING))
def test_bookkeeping_has_no_goal(name: str) -> None:
    assert (find_goal(name), is_bookkeeping(name)) == (Goal.NONE, True)


@pytest.mark.parametrize("name", names(RATES))
def test_speed_of_the_training_is_bookkeeping_with_a_goal(name: str) -> None:
    assert (find_goal(name), is_bookkeeping(name)) == (Goal.HIGHER, True)


@pytest.mark.parametrize("name", ["", *names(UNKNOWN)])
def test_unknown_names_get_no_opinion(name: str) -> None:
    assert (find_goal(name), is_bookkeeping(name)) == (Goal.NONE, False)


@pytest.mark.parametrize("prefix", ["train/", "val_", "eval/", "test_", "validation_0/", "metrics.", "best_", "final_"])
@pytest.mark.parametrize(
    ("name", "goal"), [("loss", Goal.LOWER), ("f1", Goal.HIGHER), ("mean_squared_error", Goal.LOWER)]
)
def test_prefixes_do_not_change_the_goal(prefix: str, name: str, goal: Goal) -> None:
    assert find_goal(prefix + name) is goal


@given(st.text())
def test_any_text_is_a_name(name: str) -> None:
    assert find_goal(name) in Goal
    assert isinstance(is_bookkeeping(name), bool)


def test_ten_thousand_names_cost_no_time() -> None:
    kinds = ("loss", "mean_squared_error", "whatever_thing", "latency_p99_ms", "someCamelAccuracy")
    many = [f"split{number}/{kind}" for number in range(2_000) for kind in kinds]
    start = time.process_time()
    for name in many:
        find_goal(name)
        is_bookkeeping(name)
    assert time.process_time() - start < 0.3  # 0.06 s on an idle machine


def test_a_very_long_name_is_no_trouble() -> None:
    start = time.process_time()
    assert find_goal("mean squared " * 20_000 + "error") is Goal.LOWER
    assert time.process_time() - start < 1
