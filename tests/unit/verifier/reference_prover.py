"""A second prover, written from FORMAT.md for these tests: numpy, plain, slow. It proves whatever trace it is given."""

import secrets
from hashlib import sha256
from itertools import pairwise

import numpy as np

from zkharvest.verifier import field, messages, public
from zkharvest.verifier.field import P
from zkharvest.verifier.params import sizes
from zkharvest.verifier.transcript import grinding_holds

U = np.uint64


# ------------------------------------------------------------------ vectors over F_p and E (shape (5, n))


def ntt(a, w):
    """Values at 1, w, w^2, ... of the polynomials along the last axis."""
    rows, n = a.reshape(-1, a.shape[-1]).shape
    x = a.reshape(rows, n, 1)  # (polynomial, what is still to be transformed, output index so far)
    while x.shape[1] > 1:
        half = x.shape[1] // 2
        low, high = x[:, :half], x[:, half:]
        odd = (low + P - high) * powers(w, half)[:, None] % P
        x = np.concatenate([(low + high) % P, odd], axis=2)
        w = w * w % P
    return x.reshape(a.shape)


def powers(w, count):
    result = np.ones(count, dtype=U)
    filled = 1
    while filled < count:
        result[filled : 2 * filled] = result[: min(filled, count - filled)] * U(pow(int(w), filled, P)) % P
        filled *= 2
    return result


def intt(a, w):
    n = a.shape[-1]
    return ntt(a, pow(w, -1, P)) * U(pow(n, -1, P)) % P


def ext_mul(a, b):
    c = []
    for k in range(9):
        products = [a[i] * b[k - i] for i in range(5) if 0 <= k - i < 5]
        c.append((sum(products[:4]) % P + sum(products[4:])) % P)  # four products fit in 64 bits
    return np.stack(
        [
            (c[0] + c[5] + P - c[8]) % P,
            (c[1] + c[6]) % P,
            (c[2] + P - c[5] + c[7] + c[8]) % P,
            (c[3] + P - c[6] + c[8]) % P,
            (c[4] + P - c[7]) % P,
        ]
    )


def ext_inverse(a):
    """The conjugates a^p, ..., a^(p^4), multiplied, over a times them: the norm, which lies in F_p."""
    others = ext(field.ONE)
    for i in range(1, 5):
        x = field.powers(field.power((0, 1, 0, 0, 0), P**i), 5)  # of x^(p^i): a^(p^i) = sum_j a_j x^(p^i j)
        conjugate = sum(ext(x[j]) * a[j] % P for j in range(5)) % P
        others = ext_mul(others, conjugate)
    norm, inverse = ext_mul(a, others)[0], U(1)
    for bit in f"{P - 2:b}":
        inverse = inverse * inverse % P
        if bit == "1":
            inverse = inverse * norm % P
    return others * inverse % P


def ext(value):
    return np.array(value, dtype=U).reshape(5, 1)


def lift(column):
    return np.stack([column, *[np.zeros_like(column)] * 4])


def random_words(count):
    return np.array([secrets.randbelow(P) for _ in range(count)], dtype=U)


def at_point(polynomials, z):
    """Base polynomials at a point of E."""
    by_coordinate = field.weights(field.powers(z, polynomials.shape[1]))
    return tuple(field.dot(row, by_coordinate) for row in polynomials.tolist())


# ------------------------------------------------------------------ trees


class Tree:
    def __init__(self, rows):
        """rows: uint64 array (leaves, words)."""
        data = rows.astype("<u4")
        self.salted = [secrets.token_bytes(16) + data[i].tobytes() for i in range(len(data))]
        level = [sha256(b"\0" + leaf).digest() for leaf in self.salted]
        self.levels = [level]
        while len(level) > 1:
            half = len(level) // 2
            level = [sha256(b"\1" + level[j] + level[j + half]).digest() for j in range(half)]
            self.levels.append(level)
        self.root = level[0]

    def open(self, indices):
        known = sorted(set(indices))
        return b"".join([*(self.salted[i] for i in known), *open_levels(self.levels, known)])


def open_levels(levels, known):
    """The digests of a multiproof: at each level the children that are not known, by parent."""
    out = []
    for level in levels[:-1]:
        half = len(level) // 2
        parents = sorted({i % half for i in known})
        out += [level[i] for j in parents for i in (j, j + half) if i not in known]
        known = parents
    return out


# ------------------------------------------------------------------ the prover


def search_nonce(site, state, bits):
    if bits == 0:
        return 0
    return next(nonce for nonce in range(1 << 40) if grinding_holds(state, nonce, bits))


def evaluate_nodes(table, col, pub, publics, like):
    values = []
    for node in table.nodes:
        match node:
            case ("const", c):
                values.append(np.full_like(like, c))
            case ("col", i, off):
                values.append(col(i, off))
            case ("pub", i, off):
                values.append(pub(i, off))
            case ("public", i):
                values.append(np.full_like(like, publics[i]))
            case ("add", a, b):
                values.append((values[a] + values[b]) % P)
            case ("sub", a, b):
                values.append((values[a] + P - values[b]) % P)
            case ("mul", a, b):
                values.append(values[a] * values[b] % P)
            case ("lin", c, terms):
                total = np.full_like(like, c)
                for k, a in terms:
                    total = (total + U(k) * values[a]) % P
                values.append(total)
    return values


def signed_numerator(item, nodes, challenges):
    """(5, n): sign * (mult + sum of gamma^(slot+1) weight)."""
    found = lift(nodes[item.mult])
    for slot, node in item.weights:
        found = (found + ext(field.power(challenges.gamma, slot + 1)) * nodes[node]) % P
    return U(item.sign % P) * found % P


def denominators(table, nodes, challenges):
    result = []
    for item in table.interactions:
        d = ext(field.add_base(challenges.alpha, item.bus))
        for i, node in enumerate(item.message):
            d = (d + ext(field.power(challenges.beta, i + 1)) * nodes[node]) % P
        result.append(d)
    return result


def prove(description, digest, params, log_rows, data, traces, grinder=search_nonce, notes=None):
    """Proof bytes for the traces (per table a list of columns of N words), true or not; `notes` collects facts."""
    at, heights = sizes(log_rows, params), [log_rows] * len(description.tables)
    k, n = 1 << params.log_stack, at.rows
    big, blowup = n << params.log_blowup, 1 << params.log_blowup  # the columns' coset, of shift 3^k
    shift_y = pow(3, k, P)
    w_n, w_y = field.root_of_unity(log_rows), field.root_of_unity(log_rows + params.log_blowup)
    w_d = field.root_of_unity(log_rows + params.log_blowup + params.log_stack)
    points = U(shift_y) * powers(w_y, big) % P
    rounds = messages.Rounds(params, heights, grinder)
    out = []

    def masked(columns):
        coefficients = np.zeros((len(columns), at.degree_bound), dtype=U)
        coefficients[:, :n] = intt(np.stack(columns), w_n)
        for row in coefficients:
            r = random_words(at.mask)
            row[: at.mask] = (row[: at.mask] + P - r) % P
            row[n : n + at.mask] = r
        return coefficients

    def extend(coefficients):
        return on_coset(coefficients, big, shift_y, w_y)

    def on_coset(coefficients, size, shift, w):
        padded = np.zeros((len(coefficients), size), dtype=U)
        padded[:, : coefficients.shape[1]] = coefficients * powers(shift, coefficients.shape[1]) % P
        return ntt(padded, w)

    def stacked(coefficients, kinds, degree):
        """Kind by kind the stacks of columns of `degree` rows: coefficients (stacks * degree, k K), and their lanes."""
        out, lanes = [], []
        for columns in kinds:
            width = -(-len(columns) // k)
            for j in range(width):
                members = [columns[i * width + j] if i * width + j < len(columns) else None for i in range(k)]
                lanes.append(members)
                for c in range(degree):
                    stack = np.zeros((at.degree_bound, k), dtype=U)
                    for i, column in enumerate(members):
                        if column is not None:
                            stack[:, i] = coefficients[degree * column + c]
                    out.append(stack.reshape(-1))
        return np.stack(out), lanes

    # round 0 and 1
    rounds.statement(digest, public.encode(description, data))
    main = masked([column for table in traces for column in table])
    main_values = extend(main)
    others = [c for c in range(len(main)) if c not in description.next_main]
    main_stacks, main_lanes = stacked(main, (list(description.next_main), others), 1)
    main_rows = on_coset(main_stacks, k * big, 3, w_d)
    main_tree = Tree(main_rows.T)
    message = messages.MainCommitment(main_tree.root)
    out.append(message.root)
    challenges = rounds.main(message)
    out.append(rounds.nonces[-1][1].to_bytes(8, "little"))

    # round 2
    publics_full = {}
    for key, column in data.columns.items():
        publics_full[key] = np.zeros(n, dtype=U)
        publics_full[key][: len(column)] = column
    gammas = [field.power(challenges.gamma, k + 1) for k in range(description.tallies)]
    aux_columns, terminals = [], []
    for t, table in enumerate(description.tables):
        nodes = evaluate_nodes(
            table,
            lambda i, off, t=t: np.roll(traces[t][i], -off),
            lambda i, off, t=t: np.roll(publics_full[t, i], -off),
            data.publics,
            traces[t][0],
        )
        ds = denominators(table, nodes, challenges)
        step = np.zeros((5, n), dtype=U)
        for group in table.groups:
            helper = np.zeros((5, n), dtype=U)
            for i in group:
                item = table.interactions[i]
                helper = (helper + ext_mul(signed_numerator(item, nodes, challenges), ext_inverse(ds[i]))) % P
            aux_columns.append(helper)
            step = (step + helper) % P
        for entry in table.tally:
            step = (step + ext(gammas[entry.slot]) * nodes[entry.node]) % P
        terminal = tuple(int(v) for v in step.sum(axis=1) % P)
        share = ext(field.scale(terminal, pow(n, -1, P)))
        phi = np.zeros((5, n), dtype=U)
        phi[:, 1:] = np.cumsum((step + P - share) % P, axis=1)[:, :-1] % P
        aux_columns.append((phi + random_words(5).reshape(5, 1)) % P)
        terminals.append(terminal)
    aux = masked([coordinate for column in aux_columns for coordinate in column])
    aux_values = extend(aux)
    helpers = [c for c in range(len(aux_columns)) if c not in description.next_aux]
    aux_stacks, aux_lanes = stacked(aux, (list(description.next_aux), helpers), 5)
    aux_rows = on_coset(aux_stacks, k * big, 3, w_d)
    aux_tree = Tree(aux_rows.T)
    message = messages.AuxCommitment(aux_tree.root, tuple(terminals))
    terminals = message.terminals
    out += [message.root, field.to_bytes(message.terminals)]
    delta = rounds.aux(message)

    # round 3
    vanishing = (np.array([pow(int(x), n, P) for x in points[:blowup]], dtype=U) + P - U(1)) % P
    vanishing = np.tile(vanishing, n)
    inverse = lambda v: np.array([pow(int(x), -1, P) for x in v], dtype=U)  # noqa: E731
    w_last = pow(w_n, -1, P)
    per_row = vanishing * U(pow(n, -1, P)) % P
    where = {
        "all": np.ones(big, dtype=U),
        "first": per_row * inverse((points + P - U(1)) % P) % P,
        "last": per_row * inverse((points + P - U(w_last)) % P) % P * U(w_last) % P,
        "transition": (points + P - U(w_last)) % P,
    }
    public_values = {}
    for key, column in publics_full.items():
        public_values[key] = extend(intt(column.reshape(1, n), w_n))[0]
    numerator = np.zeros((5, big), dtype=U)
    weight, main_at, aux_at = field.ONE, 0, 0
    for t, table in enumerate(description.tables):
        base = main_at
        nodes = evaluate_nodes(
            table,
            lambda i, off, base=base: np.roll(main_values[base + i], -off * blowup),
            lambda i, off, t=t: np.roll(public_values[t, i], -off * blowup),
            data.publics,
            points,
        )
        main_at += len(table.columns)
        columns = [aux_values[5 * k : 5 * k + 5] for k in range(aux_at, aux_at + table.extension_columns)]
        aux_at += table.extension_columns
        ds = denominators(table, nodes, challenges)
        found = [(c.where, lift(nodes[c.node])) for c in table.constraints]
        for group, helper in zip(table.groups, columns[:-1], strict=True):
            value = helper
            for i in group:
                value = ext_mul(value, ds[i])
            for i in group:
                item = table.interactions[i]
                part = signed_numerator(item, nodes, challenges)
                for j in group:
                    if j != i:
                        part = ext_mul(part, ds[j])
                value = (value + P - part) % P
            found.append(("all", value))
        value = (np.roll(columns[-1], -blowup, axis=1) + P - columns[-1]) % P
        for helper in columns[:-1]:
            value = (value + P - helper) % P
        for entry in table.tally:
            value = (value + P - ext(gammas[entry.slot]) * nodes[entry.node] % P) % P
        found.append(("all", (value + ext(field.scale(terminals[t], pow(n, -1, P)))) % P))
        for selector, value in found:
            numerator = (numerator + ext_mul(ext(weight), value * where[selector] % P)) % P
            weight = field.mul(weight, delta)
    inverse_vanishing = np.tile(inverse(vanishing[:blowup]), n)
    quotient = intt(numerator * inverse_vanishing % P, w_y) * powers(pow(shift_y, -1, P), big) % P
    step = at.piece_step
    pieces = [np.zeros((5, at.degree_bound), dtype=U) for _ in range(description.pieces)]
    for i, piece in enumerate(pieces):
        stop = big if i == len(pieces) - 1 else (i + 1) * step
        part = quotient[:, i * step : min(stop, i * step + at.degree_bound)]
        piece[:, : part.shape[1]] = part
    for low, high in pairwise(pieces):
        t = np.stack([random_words(at.mask) for _ in range(5)])
        low[:, step:] = (low[:, step:] + t) % P
        high[:, : at.mask] = (high[:, : at.mask] + P - t) % P
    mask = np.random.default_rng(secrets.randbits(128)).integers(0, P, (5, k * at.degree_bound), dtype=U)
    quotient_stacks, quotient_lanes = stacked(np.concatenate(pieces), (list(range(len(pieces))),), 5)
    mask_rows = on_coset(mask, k * big, 3, w_d)
    quotient_rows = on_coset(quotient_stacks, k * big, 3, w_d)
    quotient_tree = Tree(np.concatenate([quotient_rows, mask_rows]).T)
    message = messages.QuotientCommitment(quotient_tree.root)
    out.append(message.root)
    z = rounds.quotient(message)
    out.append(rounds.nonces[-1][1].to_bytes(8, "little"))
    assert messages.point_is_usable(z, at, heights)

    # round 4
    z_next = field.scale(z, w_n)

    def columns_at(coordinates, point):
        values = at_point(coordinates, point)
        return [field.recombine(values[i : i + 5]) for i in range(0, len(values), 5)]

    main_z, aux_z = at_point(main, z), columns_at(aux, z)
    main_next, aux_next = at_point(main, z_next), columns_at(aux, z_next)
    pieces_z = columns_at(np.concatenate(pieces), z)
    ahead = [main_next[i] for i in description.next_main] + [aux_next[i] for i in description.next_aux]
    opened = messages.Evaluations((*main_z, *aux_z, *pieces_z), tuple(ahead))
    out += [field.to_bytes(opened.at_z), field.to_bytes(opened.at_next)]
    batch = rounds.evaluations(opened)
    out.append(rounds.nonces[-1][1].to_bytes(8, "little"))

    # round 5
    y_points = np.tile(points, k)
    deep = np.zeros((5, k * big), dtype=U)
    power = field.ONE
    next_stacks = (-(-len(description.next_main) // k), -(-len(description.next_aux) // k))
    at_z = (
        (main_rows, main_lanes, 1, main_z),
        (aux_rows, aux_lanes, 5, aux_z),
        (quotient_rows, quotient_lanes, 5, pieces_z),
    )
    at_next = (
        (main_rows, main_lanes[: next_stacks[0]], 1, main_next),
        (aux_rows, aux_lanes[: next_stacks[1]], 5, aux_next),
    )
    for trees_opened, point in ((at_z, z), (at_next, z_next)):
        top = np.zeros((5, k * big), dtype=U)
        for rows, lanes, degree, values in trees_opened:
            for j, members in enumerate(lanes):
                stack = rows[degree * j : degree * (j + 1)]
                claimed = np.zeros((5, k * big), dtype=U)
                for i, column in enumerate(members):
                    if column is not None:
                        x_power = U(pow(3, i, P)) * powers(pow(w_d, i, P), k * big) % P
                        claimed = (claimed + ext(values[column]) * x_power) % P
                value = lift(stack[0]) if degree == 1 else stack
                top = (top + ext_mul(ext(power), (value + P - claimed) % P)) % P
                power = field.mul(power, batch)
        deep = (deep + ext_mul(top, ext_inverse((lift(y_points) + P - ext(point)) % P))) % P
    deep = (deep + ext_mul(ext(power), mask_rows)) % P
    layer, shift, size, trees = deep, 3, k * big, []
    for arity in at.arities:
        width = size // arity
        rows = np.concatenate([layer[:, s * width : (s + 1) * width] for s in range(arity)]).T
        tree = Tree(rows)
        trees.append((tree, width))
        message = messages.FriLayer(tree.root)
        out.append(message.root)
        beta = rounds.fold(message)
        out.append(rounds.nonces[-1][1].to_bytes(8, "little"))
        # f(X) = sum X^i f_i(X^a) in coefficients, with the coset's shift taken out and put back
        w = field.root_of_unity(size.bit_length() - 1)
        coefficients = intt(layer, w) * powers(pow(shift, -1, P), size) % P
        folded = np.zeros((5, width), dtype=U)
        for i in range(arity):
            folded = (folded + ext_mul(ext(field.power(beta, i)), coefficients[:, i::arity])) % P
        shift, size = pow(shift, arity, P), width
        layer = ntt(folded * powers(shift, width) % P, field.root_of_unity(size.bit_length() - 1))
    coefficients = intt(layer, field.root_of_unity(size.bit_length() - 1)) * powers(pow(shift, -1, P), size) % P
    final = tuple(tuple(int(v) for v in column) for column in coefficients[:, : at.final_terms].T)
    message = messages.FriFinal(final)
    out.append(field.to_bytes(message.coefficients))
    indices = rounds.final(message)
    out.append(rounds.nonces[-1][1].to_bytes(8, "little"))

    # openings
    if notes is not None:
        notes["indices"] = indices
    out += [tree.open(indices) for tree in (main_tree, aux_tree, quotient_tree)]
    out += [tree.open([i % width for i in indices]) for tree, width in trees]
    return b"".join(out)
