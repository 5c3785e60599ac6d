"""The table of known metric names: which way is good, and what is mere bookkeeping.

A name is cut into its words, and what the table knows of them is weighed: an aside (``std``, ``grad_norm``) beats a
measure (``f1``), a measure beats a topic (``toxicity_f1`` is an F1), the last of equals wins (``accuracy_loss`` is a
loss). What the table does not know has no goal: a wrong direction would turn a loss into praise.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.model import Goal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class _Weight(IntEnum):
    """Which of several known words of one name decides."""

    NOTHING = 0
    BOOKKEEPING = 1
    """Counts at the end of a part of the name (``eval/steps``, not ``step_by_step``)."""
    TOPIC = 2
    MEASURE = 3
    ASIDE = 4
    """Decides wherever it stands: the number is about the metric, not the metric."""


class _Word(NamedTuple):
    goal: Goal
    weight: _Weight
    is_bookkeeping: bool = False


_MEASURES = {
    Goal.HIGHER: """
        acc, accs, accuracy, accuracies, precision, recall, sensitivity, specificity, tpr, tnr, ppv, npv,
        true positive rate, true negative rate, positive likelihood ratio, youden, informedness, mcc, matthews, kappa,
        f1, f2, fbeta, f beta, fscore, fmeasure, f score, f measure, f1score,
        auc, auroc, rocauc, aucroc, auprc, aucpr, prauc, pauc, gauc, auuc, qini, ap, map, mar,
        r2, r 2, r squared, rsquared, explained variance, pearson, pearsonr, spearman, spearmanr, kendall, kendalltau,
        nse, kge, d2 absolute error, d2 log loss, d2 pinball, d2 tweedie, d2 brier, skill score, brier skill score,
        log likelihood, loglikelihood, loglik, elbo, gap statistic,
        iou, miou, giou, meaniou, io u, jaccard, dice, dsc, hota, mota, idf1, nds, pck, psnr, ssim, msssim,
        inception score, clip score, clipscore, pesq, stoi, sdr, sisdr, sisnr, mos, utmos,
        bleu, sacrebleu, gleu, rouge, rougel, rougelsum, meteor, chrf, bertscore, bartscore, moverscore, bleurt,
        comet, xcomet, cider, spice, exact match, exactmatch, pass at, maj at, cons at, pass rate, solve rate,
        ndcg, dcg, mrr, reciprocal rank, hits, hit at, hit rate, hit ratio, hr at, r at, p at,
        silhouette, calinski, ari, ami, nmi, adjusted rand, rand score, rand index, mutual info, v measure, fowlkes,
        homogeneity, completeness, reward, rewards, rew, win rate, winrate, elo, success, sharpe, sortino, calmar,
        context utilization, improvement, concordance, c index, cindex, harrell, somers, hamming score, g mean, gmean,
        lrap, sari, mauve, vmaf, tar at
    """,
    Goal.LOWER: """
        loss, losses, logloss, nll, bce, cross entropy, crossentropy, xentropy, deviance, hinge, aic, bic,
        negative log likelihood, neg log likelihood, negative elbo, neg elbo, negative likelihood ratio,
        error, errors, err, error count, fail count, failure rate, miss rate, misclassification, misclassified,
        fpr, fnr, fdr, false positive rate, false negative rate, false discovery rate, false alarm rate,
        mse, rmse, nrmse, mae, mape, smape, wape, wmape, mase, msle, rmsle, medae, crps, mpjpe, epe, ade, fde,
        abs rel, absrel, sq rel, wer, cer, ter, eer, dcf, mindcf, mcd, edit distance, levenshtein,
        ppl, perplexity, bpb, bpc, bpd, bits per byte, bits per character, bits per dim,
        fid, fvd, kid, fad, cmmd, lpips, niqe, brisque, hd95, hausdorff, chamfer, assd, asd, id switches,
        ece, mce, brier, kl, kld, divergence, wasserstein, frechet distance, hamming distance, attack success rate,
        demographic parity difference, equalized odds difference, regret, davies, inertia, mean rank, drawdown,
        accuracy drop, acc drop, performance drop, accuracy reduction, acc reduction, noise sensitivity,
        gap, pinball, hamming, huber, log cosh, logcosh,
        winkler, interval score, energy score, false acceptance rate, false rejection rate, false accept rate,
        false reject rate, frr, hter
    """,
    Goal.NONE: "threshold, coef, scale, weight, limit, budget, utilization, diff, difference, delta, change",
}

_TOPICS = {
    Goal.HIGHER: """
        throughput, qps, rps, fps, tps, mfu, tokens per second, tokens per sec, tokens / s, images per second,
        requests per second, queries per second, frames per second,
        faithfulness, groundedness, relevance, relevancy, correctness, helpfulness, coherence, fluency, similarity,
        conciseness, string present, task completion, prompt alignment, role adherence, knowledge retention,
        agreement, quality, purity, em, snr, correct, successes, pass count, tests passed, test passed,
        return, returns, profit, revenue, demographic parity ratio, equalized odds ratio
    """,
    Goal.LOWER: """
        latency, delay, ttft, tpot, time to first token, inference time, inference seconds, response time,
        prediction time, predict time, time per, ms per, seconds per, real time factor, cold start,
        memory, mem, vram, rss, ram, model size, file size, checkpoint size, binary size, artifact size,
        size mb, size kb, size gb, size bytes, cost, energy, emissions, co2,
        harmfulness, maliciousness, pii leakage,
        toxicity, hallucination, hallucinations, drift, psi, violation, violations, incorrect,
        failures, unsuccessful, tests failed, test failed
    """,
}

_LONELY = {
    Goal.HIGHER: """
        score, scores, gini, lift, uplift, top, pass, ar, hr, wip, tp, tn, true positives, true negatives
    """,
    Goal.LOWER: """
        size, der, mer, wil, l1, l2, fp, fn, false positives, false negatives, failed, fails,
        p50, p75, p90, p95, p99, p999
    """,
}
"""Known only where nothing else is left of the name: ``size``, but not ``vocab_size``."""

_NEGATED = """
    mean squared error, root mean squared error, mean squared log error, root mean squared log error, max error,
    mean absolute error, median absolute error, mean absolute percentage error, log loss, brier score,
    mean poisson deviance, mean gamma deviance, negative likelihood ratio, mse, rmse, mae, mape, msle, rmsle
"""
"""scikit-learn turns errors around, so that higher is better: ``neg_mean_squared_error``."""

_BOOKKEEPING = """
    epoch, epochs, step, steps, iter, iters, iteration, iterations, round, rounds, batch, batches,
    support, samples, examples, rows, items, tokens, trees, leaves, params, parameters, count, shots,
    seed, idx, index, id, version, flos, flops, gflops, macs,
    time, walltime, timestamp, date, seconds, minutes, hours, sec, secs, runtime, duration, elapsed, remaining, eta
"""

_COUNTERS = ("n", "num", "nb", "number", "lr", "counts")
"""Bookkeeping at the start of a part of the name too: ``n_test``, ``lr-SGD``."""

_ASIDES = """
    std, stdv, stddev, stderr, rank test, rank train, grad norm, gradient norm, weight norm, param norm, update norm,
    learning rate, weight decay, momentum, loss scale, loss weight, batch size, train size, test size, dataset size,
    sample size, vocab size, sample count, sample len, n samples, n shot, num fewshot, versions,
    memory total, ram total, tokens seen, tokens used, token usage, total flos,
    seconds per epoch, seconds per step, time per epoch, time per step
"""

_UNDECIDED = """
    p value, pvalue, mean bias error, entropy loss, return rate, rejected, ep len, episode length, disparate impact,
    feature importance, feature importances, without improvement, no improvement
"""
"""Known, and no direction is right for everybody; kept from being taken for the words that they hold."""


def _split(text: str) -> tuple[str, ...]:
    return tuple(phrase for part in text.split(",") if (phrase := " ".join(part.split())))


_PHASES = _split("train, training, val, valid, validation, eval, evaluation, test, predict")
_UNITS = _split("ms, s, us, ns, sec, secs, seconds, minutes, min, h, b, kb, mb, gb, k, m, usd, percent, pct")
_NOISE = frozenset(_PHASES + _UNITS) | frozenset(
    _split("""
        cv, dev, testing, metrics, metric, results, result, final, last, score, at, none,
        mean, avg, average, macro, micro, weighted, overall, median, max
    """)
)

_CUT = re.compile(r"[^\W_]+|[@/:,.|;]")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+|[^\W_A-Za-z\d]+")
_DIGITS = "0123456789"
_LEARNT = frozenset(_split("train, training, learn"))
_SPREADS = frozenset(_split("std, stdv, stddev, stderr"))
_END = "/"


def _rates() -> Iterator[tuple[str, _Word]]:
    for what in ("samples", "steps", "epochs", "it", "iterations", "batches"):
        for unit in ("second", "sec"):
            yield f"{what} per {unit}", _Word(Goal.HIGHER, _Weight.TOPIC, is_bookkeeping=True)
    for percentile in ("p50", "p75", "p90", "p95", "p99", "p999"):
        for unit in ("ms", "us", "s", "seconds"):
            yield f"{percentile} {unit}", _Word(Goal.LOWER, _Weight.TOPIC)


def _reductions() -> Iterator[tuple[str, _Word]]:
    """What was bad and became less: of an accuracy it would be a loss."""
    for what in (
        "error",
        "err",
        "loss",
        "mse",
        "rmse",
        "mae",
        "wer",
        "cer",
        "perplexity",
        "latency",
        "cost",
        "variance",
    ):
        yield f"{what} reduction", _Word(Goal.HIGHER, _Weight.MEASURE)


def _rows() -> Iterator[tuple[str, _Word]]:
    for weight, table in ((_Weight.MEASURE, _MEASURES), (_Weight.TOPIC, _TOPICS)):
        for goal, text in table.items():
            yield from ((phrase, _Word(goal, weight)) for phrase in _split(text))
    for phrase in _split(_NEGATED):
        for sign in ("neg", "negative"):
            yield f"{sign} {phrase}", _Word(Goal.HIGHER, _Weight.MEASURE)
    for phrase in (*_split(_BOOKKEEPING), *_COUNTERS):
        yield phrase, _Word(Goal.NONE, _Weight.BOOKKEEPING, is_bookkeeping=True)
    yield from ((phrase, _Word(Goal.NONE, _Weight.ASIDE, is_bookkeeping=True)) for phrase in _split(_ASIDES))
    yield from ((phrase, _Word(Goal.NONE, _Weight.ASIDE)) for phrase in _split(_UNDECIDED))
    yield from _rates()
    yield from _reductions()


def _index(rows: Iterable[tuple[str, _Word]]) -> dict[str, list[tuple[tuple[str, ...], _Word]]]:
    """Known phrases by their first word, the longest first."""
    index: dict[str, list[tuple[tuple[str, ...], _Word]]] = {}
    for phrase, word in rows:
        tokens = tuple(phrase.split())
        index.setdefault(tokens[0], []).append((tokens, word))
    for phrases in index.values():
        phrases.sort(key=lambda row: -len(row[0]))
    return index


_KNOWN = _index(_rows())
_ALONE = {phrase: _Word(goal, _Weight.TOPIC) for goal, text in _LONELY.items() for phrase in _split(text)}
_WORDS = frozenset(token for phrases in _KNOWN.values() for tokens, _ in phrases for token in tokens) | _ALONE.keys()


def _plain(word: str) -> str:
    """Lower case, and without the number at its end unless the number belongs to it: ``map50``, but ``f1``."""
    low = word.lower()
    return low if low in _WORDS else (low.rstrip(_DIGITS) or low)


def _tokens(name: str) -> Iterator[str]:
    for word in _CUT.findall(name if name.isascii() else unicodedata.normalize("NFKC", name)):
        if word == "@":
            yield "at"
        elif not word.isalnum():
            yield _END
        elif (plain := _plain(word)) in _WORDS or word.islower():
            yield plain
        else:
            yield from map(_plain, _CAMEL.findall(word))
    yield _END


def _match(tokens: list[str], start: int) -> tuple[int, _Word] | None:
    """The longest known phrase that begins here, and its length."""
    for phrase, word in _KNOWN.get(tokens[start], ()):
        if len(phrase) == 1 or tuple(tokens[start : start + len(phrase)]) == phrase:
            return len(phrase), word
    return None


def _counts(word: _Word, tokens: list[str], start: int, end: int) -> bool:
    """Whether a known word stands where it counts.

    Bookkeeping is last of its part of the name, or a counter at its start; a setting with its value (``f1_scale_2``)
    is a condition, not what was measured.
    """
    if word.weight is _Weight.MEASURE:
        return word.goal is not Goal.NONE or not tokens[end].isdecimal()
    if word.weight is not _Weight.BOOKKEEPING:
        return True
    while tokens[end] in _UNITS or tokens[end].isdecimal():
        end += 1
    return tokens[end] == _END or (tokens[start] in _COUNTERS and (start == 0 or tokens[start - 1] == _END))


def _found(tokens: list[str]) -> Iterator[_Word]:
    """The known words of a name, left to right; what follows "at" is a condition: ``tpr_at_fpr_0.01``."""
    at, measured = 0, False
    while at < len(tokens):
        if tokens[at] == _END or (tokens[at] == "at" and measured):
            measured, at = False, tokens.index(_END, at) + 1
            continue
        length, word = _match(tokens, at) or (1, None)
        if word and _counts(word, tokens, at, at + length):
            measured = measured or word.weight >= _Weight.TOPIC
            yield word
        at += length


def _rest(tokens: list[str]) -> str:
    """What is left of a name without the words that say nothing."""
    rest = [token for token in tokens if token != _END and token not in _NOISE and not token.isdecimal()]
    return " ".join(rest) or ("score" if "score" in tokens else "")


@lru_cache(maxsize=20_000)
def _look_up(name: str) -> _Word:
    tokens = list(_tokens(name))
    if tokens[-3:] == [_END, "n", _END]:
        # How many values there were, beside their mean and std: ``recall.n``.
        return _Word(Goal.NONE, _Weight.ASIDE, is_bookkeeping=True)
    best = _Word(Goal.NONE, _Weight.NOTHING)
    for word in _found(tokens):
        if word.weight >= best.weight:
            best = word
    if best.weight is _Weight.NOTHING:
        best = _ALONE.get(_rest(tokens), best)
    return best._replace(is_bookkeeping=True) if _is_training_speed(tokens, best) else best


def _is_training_speed(tokens: list[str], word: _Word) -> bool:
    """Whether it is the job's own speed, ``train_tokens_per_second``, not the model's."""
    is_rate = word.weight is _Weight.TOPIC and "per" in tokens and ("second" in tokens or "sec" in tokens)
    return is_rate and any(phase in tokens for phase in _PHASES)


def find_goal(name: str) -> Goal:
    """Which way of a metric is good, as far as its name tells; ``Goal.NONE`` where it does not.

    Example:
        >>> find_goal("val/loss").value, find_goal("metrics/mAP50-95(B)").value, find_goal("entropy").value
        ('lower', 'higher', 'none')
    """
    return _look_up(name).goal


def is_bookkeeping(name: str) -> bool:
    """Whether a number says how much was done, not how well: counts, steps, timings, spreads.

    Example:
        >>> is_bookkeeping("train_samples_per_second"), is_bookkeeping("loss_epoch")
        (True, False)
    """
    return _look_up(name).is_bookkeeping


def is_count(name: str) -> bool:
    """Whether a number counts, times or scatters, and is no part of the training itself as its learning rate is.

    Example:
        >>> is_count("eval_runtime"), is_count("epoch"), is_count("auc-stdv"), is_count("learning_rate"), is_count("lr")
        (True, True, True, False, False)
    """
    word, tokens = _look_up(name), set(_tokens(name))
    is_aside = word.weight is _Weight.ASIDE and tokens.isdisjoint(_SPREADS)
    return word.is_bookkeeping and not is_aside and "lr" not in tokens


def is_of_training(name: str) -> bool:
    """Whether a number was measured on what was trained on, so that others say more of the model.

    Example:
        >>> is_of_training("train/loss"), is_of_training("training.auc"), is_of_training("val_loss")
        (True, True, False)
    """
    return next(_tokens(name)) in _LEARNT
