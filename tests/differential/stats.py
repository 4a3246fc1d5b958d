#!/usr/bin/env python3
"""Compares lib/stats with scipy and numpy on random pairs.

    stats.py DRIVER exact|bootstrap|null

exact      p-values and intervals that a formula gives, to 1e-9; drawn ones, to 12 %
bootstrap  intervals, to the bootstrap's own error, and the same samples to 1e-12
null       comparisons of equals: at most 5 % false alarms

The pairs are the same every time; with ITRACK_TORTURE set there are ten times as many,
and of the null comparisons 10,000."""
import fractions
import math
import os
import random
import subprocess
import sys

import numpy
from scipy import stats

LONG = bool(os.environ.get("ITRACK_TORTURE"))
random.seed(19980815)
DRIVER = sys.argv[1]


def ask(lines):
    done = subprocess.run([DRIVER], input="\n".join(lines) + "\n", capture_output=True,
                          text=True, check=True)
    answers = [[float(x) for x in line.split()] for line in done.stdout.splitlines()]
    assert len(answers) == len(lines), (len(answers), len(lines))
    return answers


def close(what, got, want, most=1e-9):
    assert len(got) == len(want), (what, got, want)
    for g, w in zip(got, want):
        if not (abs(g - w) <= most):
            sys.exit(f"{what}: got {got}, want {want}")


def counts():
    n = random.choice([1, 2, 5, 9, 20, 60, 300, 5000])
    p = [random.random() ** random.choice([1, 4]) for _ in range(4)]
    cells = [0] * 4
    for i in random.choices(range(4), p, k=n):
        cells[i] += 1
    return cells


def newcombe(a, b, c, d):
    """Method 10, written from the paper's own symbols: b - c over n."""
    n = a + b + c + d
    wilson = [stats.binomtest(k, n).proportion_ci(method="wilson") for k in (a + b, a + c)]
    p1, p2 = (a + b) / n, (a + c) / n
    (l1, u1), (l2, u2) = [(w.low, w.high) for w in wilson]
    product = (a + b) * (c + d) * (a + c) * (b + d)
    top = a * d - b * c
    if top > n / 2:
        top -= n / 2
    elif top >= 0:
        top = 0
    phi = top / math.sqrt(product) if product else 0
    delta = math.sqrt(max(0, (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2))
    epsilon = math.sqrt(max(0, (u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2))
    theta = (b - c) / n
    return theta - delta, theta + epsilon


def holm(p):
    order = sorted(range(len(p)), key=lambda i: p[i])
    out, least = [0] * len(p), 0
    for rank, i in enumerate(order):
        least = max(least, min(1, p[i] * (len(p) - rank)))
        out[i] = least
    return out


def exact():
    rounds = 3000 if LONG else 300
    tables = [counts() for _ in range(rounds)] + [[36, 12, 2, 0], [0, 0, 0, 5], [5, 0, 0, 0]]
    asked = [f"mcnemar {b} {c}" for _, b, c, _ in tables]
    for (_, b, c, _), got in zip(tables, ask(asked)):
        want = stats.binomtest(b, b + c).pvalue if b + c else 1
        close(f"mcnemar {b} {c}", got, [want])
    big = [(499000, 501000), (10, 4000), (0, 2000)]
    for (b, c), got in zip(big, ask([f"mcnemar {b} {c}" for b, c in big])):
        close(f"mcnemar {b} {c}", got, [stats.binomtest(b, b + c).pvalue], 1e-8)
    # Of second minus first: the paper's with the sides changed.
    for t, got in zip(tables, ask(["newcombe %d %d %d %d" % tuple(t) for t in tables])):
        close(f"newcombe {t}", got, newcombe(t[0], t[2], t[1], t[3]))
    for t, got in zip(tables, ask(["wilson %d %d" % (t[0], sum(t)) for t in tables])):
        w = stats.binomtest(t[0], sum(t)).proportion_ci(method="wilson")
        close(f"wilson {t}", got, [w.low, w.high])
    lists = [[random.random() ** 3 for _ in range(random.randint(1, 30))] for _ in range(rounds)]
    for p, got in zip(lists, ask(["holm " + " ".join(map(repr, p)) for p in lists])):
        close(f"holm {p}", got, holm(p))
    few = [[random.choice([-1, 0, 1, random.gauss(0.3, 1)]) for _ in range(random.randint(2, 12))]
           for _ in range(rounds // 5)]
    for v, got in zip(few, ask(["signflip 7 " + " ".join(map(repr, v)) for v in few])):
        # It tells apart sums that rounding alone made different: rounded, none is.
        want = stats.permutation_test((numpy.array(v),), lambda x, axis: numpy.round(
            numpy.sum(x, axis=axis), 9), permutation_type="samples", vectorized=True,
            n_resamples=10000).pvalue
        close(f"signflip {v}", got, [want])
    tilted()


def all_signs(values):
    """p over all changes of signs of whole numbers, as a count of them."""
    ways, total = {0: 1}, sum(map(abs, values))  # by the sum of what stays positive
    for v in values:
        more = dict(ways)
        for s, count in ways.items():
            more[s + abs(v)] = more.get(s + abs(v), 0) + count if v else 2 * count
        ways = more
    far = sum(c for s, c in ways.items() if abs(2 * s - total) >= abs(sum(values)))
    return float(fractions.Fraction(far, 2 ** len(values)))


def tilted():
    """Of many differences p is drawn: to some hundredths of itself, however small."""
    cases = [[1] * 14, [1] * 1000, [1] * 30 + [-1], [10 ** 6] + [1] * 40 + [-1] * 20]
    for n in (14, 20, 60, 150, 400) * (10 if LONG else 2):
        sizes = random.choice([[1], [1, 2, 3], [0, 0, 1, 5], [1, 1, 1, 40]])
        more = random.choice([0.5, 0.6, 0.75, 0.95, 1])
        cases.append([random.choice(sizes) * (1 if random.random() < more else -1)
                      for _ in range(n)])
    for v, got in zip(cases, ask(["signflip 3 " + " ".join(map(str, v)) for v in cases])):
        want = all_signs(v)
        close(f"tilted {v}", got, [want], 0.12 * want)


MASK = (1 << 64) - 1


def draws(state):
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        yield z ^ (z >> 31)


def bootstrap():
    for n in (1, 2, 7, 40, 300) * (10 if LONG else 1):
        v = [random.choice([0, 1, -1, random.gauss(0.1, 0.5)]) for _ in range(n)]
        seed = random.getrandbits(32)
        text = " ".join(map(repr, v))
        got = ask([f"bootstrap {seed} {text}"])[0]
        values = numpy.array(v)
        if n <= 40:
            draw = draws(seed)
            means = [sum(v[next(draw) * n >> 64] for _ in range(n)) / n for _ in range(10000)]
            close(f"bootstrap {seed} {v}", got, numpy.percentile(means, [2.5, 97.5]), 1e-12)
        want = stats.bootstrap((values,), numpy.mean, n_resamples=10000, method="percentile",
                               random_state=1).confidence_interval if n > 1 else (v[0], v[0])
        # An end of the interval has itself an error of some hundredths of the spread.
        close(f"bootstrap {v}", got, list(want), 0.08 * max(values.std(), 1e-9) / math.sqrt(n)
              + (2 / n if n < 10 else 0))
        p = ask([f"signflip {seed} {text}"])[0][0]
        if n > 12:
            other = stats.permutation_test((values,), numpy.sum, permutation_type="samples",
                                           n_resamples=9999, random_state=2).pvalue
            # Theirs is twice the share of the rarer side, so that it strays further.
            assert abs(p - other) <= 5 * (math.sqrt(p * (1 - p) / 10000) + 2 *
                                          math.sqrt(p / 2 * (1 - p / 2) / 10000)) + 2e-3, (p, other)


def null():
    """Two runs of the same system, with slices of their own difficulty: any verdict of
    a difference in any slice is a false alarm."""
    runs = 10000 if LONG else 300
    alarms = {"success_rate": 0, "scores": 0}
    asked, shapes = [], []
    for _ in range(runs):
        slices = random.choice([1, 2, 4, 9])
        for _ in range(slices):
            n, rate = random.choice([3, 8, 25, 80, 150]), random.random()
            same = random.random()  # so many answers are the same in both
            table, diffs = [0, 0], []
            for _ in range(n):
                x = random.random() < rate
                y = x if random.random() < same else random.random() < rate
                table[0] += x and not y
                table[1] += y and not x
                s = 0 if random.random() < same else random.expovariate(1) - random.expovariate(1)
                diffs.append(round(s, 3))
            asked += [f"mcnemar {table[0]} {table[1]}", f"signflip 5 {' '.join(map(str, diffs))}"]
            shapes.append((n, table[1] - table[0], sum(diffs)))
        shapes.append(slices)
    answers, at, group, verdicts = ask(asked), 0, [], []
    for shape in shapes:
        if isinstance(shape, tuple):
            group.append((shape, answers[at][0], answers[at + 1][0]))
            at += 2
            continue
        for which in (1, 2):
            adjusted = holm([g[which] for g in group])
            verdicts.append(([f"verdict {g[0][which]} {p!r} {g[0][0]} {shape}"
                              for g, p in zip(group, adjusted)], which))
        group = []
    told = iter(ask([line for lines, _ in verdicts for line in lines]))
    for lines, which in verdicts:
        if any([next(told)[0] >= 2 for _ in lines]):
            alarms["success_rate" if which == 1 else "scores"] += 1
    for name, count in alarms.items():
        print(f"{name}: {count} false alarms in {runs} comparisons of equals")
        assert count <= 0.05 * runs, name


{"exact": exact, "bootstrap": bootstrap, "null": null}[sys.argv[2]]()
