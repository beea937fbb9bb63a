// Pass 2. Reads where the vertices lie in the picture; writes, for every sample, the nearest triangle and its inverse
// depth. An edge is tested from the same end for both of its triangles, so that neighbours leave no gap and share no
// sample. Every sample is tested by itself, so the width of the lanes has no effect on the result.
#pragma once
#include "blocks.h"
#include "clip.h"
#include "lanes.h"
#include "scene.h"
#include "texture.h"

namespace KERNEL {

using software::Material;
using software::Mesh;
using software::Picture;

// Up to WIDTH triangles, ready to be drawn. Screen coordinates; z is inverse depth.
struct alignas(64) Prepared {
    float edge_x[3][WIDTH], edge_y[3][WIDTH], edge_dx[3][WIDTH], edge_dy[3][WIDTH], edge_least[3][WIDTH];
    float x[3][WIDTH], y[3][WIDTH], z[3][WIDTH];
    float slope_x[WIDTH], slope_y[WIDTH], least_z[WIDTH], most_z[WIDTH], inverse_area[WIDTH];
    int32_t x0[WIDTH], y0[WIDTH], x1[WIDTH], y1[WIDTH];  // pixels, both included
    int32_t sample_x0[WIDTH], sample_y0[WIDTH], sample_x1[WIDTH], sample_y1[WIDTH];  // likewise samples
    // In the row of pixels n, only columns from left + n * left_slope to right + n * right_slope of each edge may be inside.
    float left[3][WIDTH], left_slope[3][WIDTH], right[3][WIDTH], right_slope[3][WIDTH];
};

// Data of a cut-out triangle: texture coordinates and opacity at its corners, and a level of detail.
struct Cutout {
    float u[3], v[3], alpha[3];
    float cutoff, lod;
    bool perspective;
    const Texture* texture;
};

// The places of a pixel's samples, and with them of those of the next pixels, a lane each.
template <int S>
inline void sample_places(int first, Float& x, Float& y) {
    alignas(64) float px[WIDTH], py[WIDTH];
    for (int lane = 0; lane < WIDTH; lane++) {
        const int n = first + lane, s = n % S;
        px[lane] = static_cast<float>(n / S) + (S == 1 ? 0.5f : 0.25f + 0.5f * static_cast<float>(s & 1));
        py[lane] = S == 1 ? 0.5f : 0.25f + 0.5f * static_cast<float>(s >> 1);
    }
    x = load(px);
    y = load(py);
}

// The first and last sample between ``low`` and ``high``, counted from the picture's edge, within the pixels from .. to; the
// second is -1 where there is none. ``SIDE``: samples across a pixel.
template <int SIDE>
inline void covered_samples(Float low, Float high, int32_t from, int32_t to, Int& first, Int& last) {
    const float scale = SIDE;
    const Float l = clamp(low, -2e6f, 2e6f) * Float(scale), h = clamp(high, -2e6f, 2e6f) * Float(scale);
    const Float a = Float(0.0f) - floor(Float(0.5f) - l), b = floor(h - Float(0.5f));
    const Mask none = a > b;
    first = max(select(none, Int(1), truncated(a)), Int(from * SIDE));
    last = min(select(none, Int(0), truncated(b)), Int(to * SIDE - 1));
    last = select(none | (first > last), Int(-1), last);
}

constexpr float EVERYWHERE = 1e6f;  // columns
constexpr float NARROWED = 4096.0f;  // pixels: triangles that reach farther out are tested in the whole of their box

// Writes where the samples on the inner side of edge ``e`` begin or end in a row. The test of samples decides; this spares
// tests that fail. Up to NARROWED the rounding of the test moves an edge by less than 2^-10 (1 + |slope|) pixels; the margin is
// wider.
template <int S>
inline void narrow(Prepared& p, int e, Float ax, Float ay, Float dx, Float dy, Mask narrowed) {
    const Float zero(0.0f), slope = dx / select(dy == zero, Float(1.0f), dy);
    const Float highest(S == 1 ? 0.5f : 0.25f), lowest(S == 1 ? 0.5f : 0.75f);
    const Float place = ax - ay * slope, margin = Float(0.125f) + abs(slope) * Float(1.0f / 64.0f);
    const Mask begins = narrowed & (dy > zero), ends = narrowed & (dy < zero);
    store(p.left[e], select(begins, place + min(slope * highest, slope * lowest) - margin, Float(-EVERYWHERE)));
    store(p.left_slope[e], select(begins, slope, zero));
    store(p.right[e], select(ends, place + max(slope * highest, slope * lowest) + margin, Float(EVERYWHERE)));
    store(p.right_slope[e], select(ends, slope, zero));
}

// Writes ``p``; returns which lanes hold a triangle that may cover samples.
template <int S>
inline Mask prepare(const Picture& picture, int32_t row0, int32_t row1, const Float (&x)[3], const Float (&y)[3],
                    const Float (&z)[3], Mask wanted, Prepared& p) {
    const Float zero(0.0f);
    const Float left = min(min(x[0], x[1]), x[2]), right = max(max(x[0], x[1]), x[2]);
    const Float top = min(min(y[0], y[1]), y[2]), bottom = max(max(y[0], y[1]), y[2]);
    constexpr int SIDE = S == 1 ? 1 : 2, HALVED = SIDE - 1;
    Int x0, x1, y0, y1;
    covered_samples<SIDE>(left, right, picture.bounds.x0, picture.bounds.x1, x0, x1);
    covered_samples<SIDE>(top, bottom, row0, row1, y0, y1);
    const Float ux = x[1] - x[0], uy = y[1] - y[0], vx = x[2] - x[0], vy = y[2] - y[0];
    const Float area = ux * vy - vx * uy;
    const Mask shown = wanted & ((area < zero) | (area > zero)) & !(x0 > x1) & !(y0 > y1);
    if (!any(shown)) return shown;
    const Mask turned = area > zero;
    const Float reach(NARROWED);
    const Mask narrowed = (max(right, bottom) < reach) & (min(left, top) > zero - reach);
    for (int e = 0; e < 3; e++) {
        const int f = e == 2 ? 0 : e + 1;
        const Mask forwards = (x[e] < x[f]) | ((x[e] == x[f]) & (y[e] < y[f]));
        const Float ax = select(forwards, x[e], x[f]), ay = select(forwards, y[e], y[f]);
        const Float dx = select(forwards, x[f], x[e]) - ax, dy = select(forwards, y[f], y[e]) - ay;
        const Mask positive = (forwards & !turned) | (turned & !forwards);
        const Float inner_dx = select(positive, dx, zero - dx), inner_dy = select(positive, dy, zero - dy);
        store(p.edge_x[e], ax);
        store(p.edge_y[e], ay);
        store(p.edge_dx[e], inner_dx);
        store(p.edge_dy[e], inner_dy);
        narrow<S>(p, e, ax, ay, inner_dx, inner_dy, narrowed);
        store(p.edge_least[e], select(positive, zero, Float(1e-30f)));
        store(p.x[e], x[e]);
        store(p.y[e], y[e]);
        store(p.z[e], z[e]);
    }
    const Float inverse = Float(1.0f) / area, uz = z[1] - z[0], vz = z[2] - z[0];
    store(p.slope_x, (uz * vy - vz * uy) * inverse);
    store(p.slope_y, (vz * ux - uz * vx) * inverse);
    store(p.least_z, min(min(z[0], z[1]), z[2]));
    store(p.most_z, max(max(z[0], z[1]), z[2]));
    store(p.inverse_area, inverse);
    store(p.sample_x0, x0);
    store(p.sample_x1, x1);
    store(p.sample_y0, y0);
    store(p.sample_y1, y1);
    store(p.x0, x0 >> HALVED);
    store(p.x1, x1 >> HALVED);
    store(p.y0, y0 >> HALVED);
    store(p.y1, y1 >> HALVED);
    return shown;
}

// The opacity of a cut-out triangle at samples.
inline Float opacity_at(const Prepared& p, int k, const Cutout& c, Float x, Float y) {
    const float x0 = p.x[0][k], y0 = p.y[0][k], area = p.inverse_area[k];
    const float ux = p.x[1][k] - x0, uy = p.y[1][k] - y0, vx = p.x[2][k] - x0, vy = p.y[2][k] - y0;
    const Float rx = x - Float(x0), ry = y - Float(y0);
    Float b = (rx * Float(vy) - ry * Float(vx)) * Float(area), d = (ry * Float(ux) - rx * Float(uy)) * Float(area);
    if (c.perspective) {
        const Float q0 = (Float(1.0f) - b - d) * Float(p.z[0][k]), q1 = b * Float(p.z[1][k]), q2 = d * Float(p.z[2][k]);
        const Float whole = Float(1.0f) / (q0 + q1 + q2);
        b = q1 * whole;
        d = q2 * whole;
    }
    const Float a = Float(1.0f) - b - d;
    Float alpha = a * Float(c.alpha[0]) + b * Float(c.alpha[1]) + d * Float(c.alpha[2]);
    if (c.texture != nullptr) {
        const Float u = a * Float(c.u[0]) + b * Float(c.u[1]) + d * Float(c.u[2]);
        const Float v = a * Float(c.v[0]) + b * Float(c.v[1]) + d * Float(c.v[2]);
        alpha = alpha * read_alpha(*c.texture, into_picture(u, c.texture->wrap_u), into_picture(v, c.texture->wrap_v),
                                   Float(c.lod));
    }
    return alpha;
}

// Writes between which columns triangle ``k`` lies, for a row a lane from ``row`` on.
inline void write_spans(const Prepared& p, int k, int32_t row, int32_t* first, int32_t* last) {
    const Float rows = converted(Int(row) + lane_numbers());
    auto left = [&](int e) { return Float(p.left[e][k]) + Float(p.left_slope[e][k]) * rows; };
    auto right = [&](int e) { return Float(p.right[e][k]) + Float(p.right_slope[e][k]) * rows; };
    const Float from = max(max(left(0), left(1)), left(2)), to = min(min(right(0), right(1)), right(2));
    store(first, max(truncated(clamp(from, 0.0f, EVERYWHERE)), Int(p.x0[k])));
    store(last, min(truncated(clamp(to, -1.0f, EVERYWHERE)), Int(p.x1[k])));
}

// Calls ``visit(index of the first sample, covered lanes, inverse depth, x, y)`` for every group of lanes of triangle ``k``.
template <int S, typename Visit>
inline void each_group(const Picture& picture, const Prepared& p, int k, Visit visit) {
    constexpr int PARTS = WIDTH < S ? S / WIDTH : 1, STEP = WIDTH < S ? 1 : WIDTH / S;
    const int32_t stride = picture.stride, y0 = p.y0[k];
    const Float dy0(p.edge_dy[0][k]), dy1(p.edge_dy[1][k]), dy2(p.edge_dy[2][k]);
    const Float edge0(p.edge_x[0][k]), edge1(p.edge_x[1][k]), edge2(p.edge_x[2][k]);
    const Float least0(p.edge_least[0][k]), least1(p.edge_least[1][k]), least2(p.edge_least[2][k]);
    const Float corner_x(p.x[0][k]), slope_x(p.slope_x[k]), least_z(p.least_z[k]), most_z(p.most_z[k]);
    for (int part = 0; part < PARTS; part++) {
        Float places_x, places_y;
        sample_places<S>(part * WIDTH, places_x, places_y);
        alignas(64) int32_t firsts[WIDTH], lasts[WIDTH];
        for (int32_t row = y0; row <= p.y1[k]; row++) {
            const int32_t n = (row - y0) % WIDTH;
            if (n == 0) write_spans(p, k, row, firsts, lasts);
            if (firsts[n] > lasts[n]) continue;
            const Float y = Float(static_cast<float>(row)) + places_y;
            const Float across0 = (y - Float(p.edge_y[0][k])) * Float(p.edge_dx[0][k]);
            const Float across1 = (y - Float(p.edge_y[1][k])) * Float(p.edge_dx[1][k]);
            const Float across2 = (y - Float(p.edge_y[2][k])) * Float(p.edge_dx[2][k]);
            const Float start = Float(p.z[0][k]) + (y - Float(p.y[0][k])) * Float(p.slope_y[k]);
            for (int32_t column = firsts[n] / STEP * STEP, end = lasts[n]; column <= end; column += STEP) {
                const Float x = Float(static_cast<float>(column)) + places_x;
                const Mask inside =
                    ((x - edge0) * dy0 - across0 >= least0) & ((x - edge1) * dy1 - across1 >= least1) & ((x - edge2) * dy2 - across2 >= least2);
                if (!any(inside)) continue;
                const Float z = min(max(start + (x - corner_x) * slope_x, least_z), most_z);
                visit((static_cast<size_t>(row) * stride + column) * S + part * WIDTH, inside, z, x, y);
            }
        }
    }
}

// On a CPU a sample belongs to one thread; kernels.cu says how many threads of a GPU share it.
#if !defined(__CUDACC__)
inline Mask nearer_than_kept(const Picture& picture, size_t at, Float z) { return z > load(picture.depth + at); }
inline void keep(const Picture& picture, size_t at, Float z, int32_t triangle, Mask nearer) {
    store(picture.depth + at, z, nearer);
    store(picture.surface + at, Int(triangle), nearer);
}
#else
inline Mask nearer_than_kept(const Picture& picture, size_t at, Float z);
inline void keep(const Picture& picture, size_t at, Float z, int32_t triangle, Mask nearer);
#endif

template <int S>
inline void draw_prepared(const Picture& picture, const Prepared& p, int k, int32_t triangle, const Cutout* cutout) {
    each_group<S>(picture, p, k, [&](size_t at, Mask inside, Float z, Float x, Float y) {
        Mask nearer = inside & nearer_than_kept(picture, at, z);
        if (!any(nearer)) return;
        if (cutout != nullptr) nearer = nearer & (opacity_at(p, k, *cutout, x, y) >= Float(cutout->cutoff));
        keep(picture, at, z, triangle, nearer);
    });
}

inline int32_t corner(const Mesh& mesh, int32_t triangle, int which) {
    return which == 0 ? mesh.a[triangle] : which == 1 ? mesh.b[triangle] : mesh.c[triangle];
}

// The uncut corners of a triangle; a level of detail from how much larger it is on its texture than on the screen.
template <int S>
inline Cutout cutout_of(const Picture& picture, const Material& material, float cutoff, int32_t triangle) {
    const Mesh& mesh = *picture.mesh;
    Cutout c;
    c.cutoff = cutoff;
    c.perspective = picture.projection.perspective != 0;
    c.texture = material.base.levels ? &material.base : nullptr;
    for (int i = 0; i < 3; i++) {
        const int32_t vertex = corner(mesh, triangle, i);
        c.u[i] = mesh.attributes[8 * vertex + 6];
        c.v[i] = mesh.attributes[8 * vertex + 7];
        c.alpha[i] = material.colored ? mesh.colors[4 * vertex + 3] : material.base_color[3];
    }
    c.lod = 0.0f;
    return c;
}

// The mip level for a cut-out triangle, from its areas on the texture and on the screen.
template <int S>
inline void set_level(Cutout& c, const Prepared& p, int k) {
    if (c.texture == nullptr) return;
    const float area = (c.u[1] - c.u[0]) * (c.v[2] - c.v[0]) - (c.u[2] - c.u[0]) * (c.v[1] - c.v[0]);
    const float texels = area * static_cast<float>(c.texture->width[0]) * static_cast<float>(c.texture->height[0]);
    const float ratio = texels * p.inverse_area[k] * (1.0f / S);
    alignas(64) float lod[WIDTH];
    store(lod, floor(Float(0.5f) * log2(clamp(abs(Float(ratio)), 1e-12f, 1e30f)) + Float(0.5f)));
    c.lod = lod[0];
}

template <int S>
inline void draw_clipped(const Picture& picture, int32_t row0, int32_t row1, int32_t triangle, const Cutout* whole) {
    const Mesh& mesh = *picture.mesh;
    ClippedCorner corners[4];
    const int32_t ids[3] = {mesh.a[triangle], mesh.b[triangle], mesh.c[triangle]};
    const int count = clip(picture, ids, corners);
    for (int i = 2; i < count; i++) {
        const ClippedCorner* three[3] = {&corners[0], &corners[i - 1], &corners[i]};
        Float x[3], y[3], z[3];
        Cutout cutout;
        if (whole != nullptr) cutout = *whole;
        for (int j = 0; j < 3; j++) {
            x[j] = Float(three[j]->x);
            y[j] = Float(three[j]->y);
            z[j] = Float(three[j]->z);
            if (whole != nullptr) {
                cutout.u[j] = three[j]->of(whole->u);
                cutout.v[j] = three[j]->of(whole->v);
                cutout.alpha[j] = three[j]->of(whole->alpha);
            }
        }
        Prepared p;
        if (!any(prepare<S>(picture, row0, row1, x, y, z, first_lanes(1), p))) continue;
        if (whole != nullptr) set_level<S>(cutout, p, 0);
        draw_prepared<S>(picture, p, 0, triangle, whole != nullptr ? &cutout : nullptr);
    }
}

constexpr int32_t FEW = 4;  // samples across and down of a small triangle

// Which of the triangles in ``p`` are small.
inline Mask small_ones(const Prepared& p, Mask shown) {
    return shown & (load(p.sample_x1) - load(p.sample_x0) < Int(FEW)) & (load(p.sample_y1) - load(p.sample_y0) < Int(FEW));
}

// The place of samples along an axis, in pixels.
template <int SIDE>
inline Float sample_place(Int number) {
    if (SIDE == 1) return converted(number) + Float(0.5f);
    return converted(number >> 1) + (Float(0.25f) + Float(0.5f) * converted(number & Int(1)));
}

// Draws the ``small`` triangles of a group, a lane each: sample after sample, for they have few. The first of the group is
// ``triangle``. Other triangles of the group may have been drawn before one that precedes them; where both are as near, the
// one that comes first keeps the sample.
template <int S>
inline void draw_small(const Picture& picture, const Prepared& p, Mask small, int32_t triangle) {
    constexpr int32_t SIDE = S == 1 ? 1 : 2;
    const Int last_x = load(p.sample_x1), last_y = load(p.sample_y1);
    alignas(64) float depths[WIDTH];
    for (int32_t n = 0; n < FEW; n++) {
        const Int row = load(p.sample_y0) + Int(n);
        const Mask in_row = small & !(row > last_y);
        if (!any(in_row)) break;
        const Float y = sample_place<SIDE>(row);
        const Float across0 = (y - load(p.edge_y[0])) * load(p.edge_dx[0]);
        const Float across1 = (y - load(p.edge_y[1])) * load(p.edge_dx[1]);
        const Float across2 = (y - load(p.edge_y[2])) * load(p.edge_dx[2]);
        const Float start = load(p.z[0]) + (y - load(p.y[0])) * load(p.slope_y);
        for (int32_t m = 0; m < FEW; m++) {
            const Int column = load(p.sample_x0) + Int(m);
            const Mask there = in_row & !(column > last_x);
            if (!any(there)) break;
            const Float x = sample_place<SIDE>(column);
            const Mask inside = there & ((x - load(p.edge_x[0])) * load(p.edge_dy[0]) - across0 >= load(p.edge_least[0])) &
                                ((x - load(p.edge_x[1])) * load(p.edge_dy[1]) - across1 >= load(p.edge_least[1])) &
                                ((x - load(p.edge_x[2])) * load(p.edge_dy[2]) - across2 >= load(p.edge_least[2]));
            uint32_t hits = bits(inside);
            if (!hits) continue;
            const Float z = start + (x - load(p.x[0])) * load(p.slope_x);
            store(depths, min(max(z, load(p.least_z)), load(p.most_z)));
            for (; hits; hits &= hits - 1) {
                const int k = lowest_lane(hits);
                const int32_t i = p.sample_x0[k] + m, j = p.sample_y0[k] + n;
                const size_t pixel = static_cast<size_t>(j / SIDE) * picture.stride + i / SIDE, at = pixel * S + j % SIDE * SIDE + i % SIDE;
                const bool first = depths[k] == picture.depth[at] && triangle + k < picture.surface[at];
                if (!(depths[k] > picture.depth[at]) && !first) continue;
                picture.depth[at] = depths[k];
                picture.surface[at] = triangle + k;
            }
        }
    }
}

// Draws the triangles first .. end of one material into the rows row0 to row1.
template <int S>
inline void raster_triangles(const Picture& picture, const Material& material, int32_t cut, int32_t first, int32_t end,
                             int32_t row0, int32_t row1) {
    const Mesh& mesh = *picture.mesh;
    const Float zero(0.0f);
    const float blended = cut == software::CUT_DEPTH ? software::BLEND_CUTOFF : software::SOLID_FROM;
    const float cutoff = material.alpha_mode == software::MASKED ? material.alpha_cutoff : blended;
    const bool cut_out = material.alpha_mode != software::SOLID;
    Prepared p;
    for (int32_t t = first; t < end; t += WIDTH) {
        const Int corners[3] = {load(mesh.a + t), load(mesh.b + t), load(mesh.c + t)};
        Float x[3], y[3], z[3];
        for (int i = 0; i < 3; i++) {
            x[i] = gather(picture.screen_x, corners[i]);
            y[i] = gather(picture.screen_y, corners[i]);
            z[i] = gather(picture.inverse_depth, corners[i]);
        }
        const Mask there = first_lanes(end - t < WIDTH ? end - t : WIDTH);
        const Mask near = (z[0] < zero) | (z[1] < zero) | (z[2] < zero);
        const Mask prepared = prepare<S>(picture, row0, row1, x, y, z, there & !near, p);
        uint32_t shown = bits(prepared), small = 0;
        if (WIDTH > 1 && !cut_out && shown) {
            small = bits(small_ones(p, prepared));
            shown &= ~small;
        }
        for (; shown; shown &= shown - 1) {
            const int k = lowest_lane(shown);
            if (!cut_out) {
                draw_prepared<S>(picture, p, k, t + k, nullptr);
                continue;
            }
            Cutout cutout = cutout_of<S>(picture, material, cutoff, t + k);
            set_level<S>(cutout, p, k);
            draw_prepared<S>(picture, p, k, t + k, &cutout);
        }
        if (small) draw_small<S>(picture, p, small_ones(p, prepared), t);
        for (uint32_t split = bits(there & near); split; split &= split - 1) {
            const int32_t triangle = t + lowest_lane(split);
            if (!cut_out) {
                draw_clipped<S>(picture, row0, row1, triangle, nullptr);
                continue;
            }
            const Cutout cutout = cutout_of<S>(picture, material, cutoff, triangle);
            draw_clipped<S>(picture, row0, row1, triangle, &cutout);
        }
    }
}

template <int S>
inline void raster_all(const Picture& picture, int32_t cut, int32_t row0, int32_t row1) {
    const software::Rows* rows = picture.rows_of_block;
    for (int32_t i = 0; i < picture.mesh->batch_count; i++) {
        const software::Batch& batch = picture.mesh->batches[i];
        const int32_t end = batch.first + batch.count;
        if (rows == nullptr) {
            raster_triangles<S>(picture, batch.material, cut, batch.first, end, row0, row1);
            continue;
        }
        for (int32_t t = batch.first; t < end; t += BLOCK, rows++)
            if (rows->top < row1 && rows->bottom >= row0)
                raster_triangles<S>(picture, batch.material, cut, t, t + BLOCK < end ? t + BLOCK : end, row0, row1);
    }
}

inline void raster(const Picture& picture, int32_t samples, int32_t cut, int32_t row0, int32_t row1) {
    if (samples == 1)
        raster_all<1>(picture, cut, row0, row1);
    else
        raster_all<software::SAMPLES>(picture, cut, row0, row1);
}

}  // namespace KERNEL
