// The passes on a GPU: the same source as on a CPU, with one lane a thread, and many pictures at a time. A block's second
// coordinate is its picture. Compiled at run time, without contraction and with exact quotients and roots: the same bytes.
#define KERNEL on_device
#define LANES 1
#include "blend.h"
#include "fragments.h"
#include "raster.h"
#include "shade.h"
#include "stage.h"
#include "transform.h"
#include "view.h"

namespace on_device {

using software::Queue;
using software::SAMPLES;
using software::View;

constexpr float SMALL = 64.0f;      // pixels of a box that one thread goes through
constexpr int32_t STRIP = 16;       // pixels of a row that a thread takes of a large triangle

// Threads that share a sample settle which triangle is nearest by its key: the greater inverse depth, and of equal ones
// the triangle that comes first, as where triangles are drawn one after another. What is read here may be older than what
// is there, but only smaller.
inline Mask nearer_than_kept(const Picture& picture, size_t at, Float z) {
    const Float kept = from_bits(static_cast<int32_t>(picture.keys[at] >> 32));
    return (z > Float(0.0f)) & (z >= kept);
}
inline void keep(const Picture& picture, size_t at, Float z, int32_t triangle, Mask nearer) {
    const unsigned long long depth = static_cast<uint32_t>(as_bits(z).v);
    if (nearer.v) atomicMax(picture.keys + at, depth << 32 | ~static_cast<uint32_t>(triangle));
}

inline int32_t thread_number() { return static_cast<int32_t>(blockIdx.x * blockDim.x + threadIdx.x); }

// The pixels that a triangle may touch, within the picture's bounds; all of them where it reaches the near plane, or a
// corner is not a number. Whole pixels in floats, so that nothing overflows.
struct PixelBox {
    float x0, y0, x1, y1;  // the last excluded
};

inline PixelBox pixel_box(const Picture& picture, int32_t triangle) {
    const Mesh& mesh = *picture.mesh;
    const float left = static_cast<float>(picture.bounds.x0), top = static_cast<float>(picture.bounds.y0);
    const float right = static_cast<float>(picture.bounds.x1), bottom = static_cast<float>(picture.bounds.y1);
    PixelBox box = {right, bottom, left, top};
    for (int i = 0; i < 3; i++) {
        const int32_t vertex = corner(mesh, triangle, i);
        const float x = picture.screen_x[vertex], y = picture.screen_y[vertex], inverse = picture.inverse_depth[vertex];
        if (!(inverse >= 0.0f) || !(x > -1e9f && x < 1e9f && y > -1e9f && y < 1e9f)) return {left, top, right, bottom};
        const float column = floor(Float(x)).v, row = floor(Float(y)).v;
        box.x0 = min(Float(box.x0), Float(column - 1.0f)).v;
        box.y0 = min(Float(box.y0), Float(row - 1.0f)).v;
        box.x1 = max(Float(box.x1), Float(column + 2.0f)).v;
        box.y1 = max(Float(box.y1), Float(row + 2.0f)).v;
    }
    box.x0 = max(Float(box.x0), Float(left)).v;
    box.y0 = max(Float(box.y0), Float(top)).v;
    box.x1 = min(Float(box.x1), Float(right)).v;
    box.y1 = min(Float(box.y1), Float(bottom)).v;
    return box;
}

inline void raster_one(const Picture& picture, int32_t triangle, int32_t samples, int32_t cut, int32_t row0, int32_t row1) {
    const Mesh& mesh = *picture.mesh;
    const Material& material = mesh.batches[mesh.batch_of[triangle]].material;
    if (samples == 1)
        raster_triangles<1>(picture, material, cut, triangle, triangle + 1, row0, row1);
    else
        raster_triangles<SAMPLES>(picture, material, cut, triangle, triangle + 1, row0, row1);
}

// The samples of a pixel of the bounds begin here.
inline size_t first_sample(const Picture& picture, int32_t row, int32_t column) {
    return (static_cast<size_t>(row) * picture.stride + column) * SAMPLES;
}
inline bool in_bounds(const software::Bounds& b, int32_t row, int32_t column) {
    return row >= b.y0 && row < b.y1 && column >= b.x0 && column < b.x1;
}

// Fragments of one pixel: at most one a sample.
struct PixelFragments {
    int32_t pixel[SAMPLES], triangle[SAMPLES];
    float x[SAMPLES], y[SAMPLES], weight[SAMPLES], r[SAMPLES], g[SAMPLES], b[SAMPLES];
};

// Adds what the object shows in a pixel to the four numbers of ``sums``.
inline void add_object(const Picture& picture, const Scratch& sums, int32_t row, int32_t column) {
    const Mesh& mesh = *picture.mesh;
    const size_t first = first_sample(picture, row, column);
    PixelFragments room;
    Fragments f = {room.pixel, room.triangle, nullptr, room.x, room.y, room.weight, room.r, room.g, room.b, 0};
    list_pixel(picture, f, 0, column, row, first);
    for (int32_t i = 0; i < f.count; i++) {
        const Material& material = mesh.batches[mesh.batch_of[f.triangle[i]]].material;
        const Shaded s = shade(picture, material, Float(f.x[i]), Float(f.y[i]), Int(f.triangle[i]));
        f.r[i] = s.color.x.v;
        f.g[i] = s.color.y.v;
        f.b[i] = s.color.z.v;
    }
    if (picture.veil != nullptr) add_veil(picture, sums, first, 0);
    gather_fragments(f, sums);
}

}  // namespace on_device

using namespace on_device;

// Empties the samples. A thread a sample.
extern "C" __global__ void clear(const View* views, Queue* queue, int32_t samples, int32_t) {
    const Picture& picture = views[blockIdx.y].picture;
    const int32_t i = thread_number();
    if (i == 0 && blockIdx.y == 0) queue->count = 0;
    if (i < picture.stride * picture.projection.height * samples) picture.keys[i] = 0;
}

// Pass 1. A thread a vertex.
extern "C" __global__ void project(const View* views, Queue*, int32_t, int32_t) {
    const Picture& picture = views[blockIdx.y].picture;
    const int32_t i = thread_number();
    if (i < picture.mesh->vertex_count) transform(picture, i, i + 1);
}

// Pass 2. A thread a triangle; large ones are left to the next kernel, as long as there is room for them.
extern "C" __global__ void raster_small(const View* views, Queue* queue, int32_t samples, int32_t cut) {
    const Picture& picture = views[blockIdx.y].picture;
    const int32_t triangle = thread_number();
    if (triangle >= picture.mesh->triangle_count) return;
    const PixelBox box = pixel_box(picture, triangle);
    const float width = box.x1 - box.x0, height = box.y1 - box.y0;
    if (width <= 0.0f || height <= 0.0f) return;
    if (width * height > SMALL) {
        const int32_t place = atomicAdd(&queue->count, 1);
        if (place < queue->room) {
            queue->items[2 * place] = static_cast<int32_t>(blockIdx.y);
            queue->items[2 * place + 1] = triangle;
            return;
        }
    }
    raster_one(picture, triangle, samples, cut, static_cast<int32_t>(box.y0), static_cast<int32_t>(box.y1));
}

// A block a triangle of the queue, a thread a strip of a row.
extern "C" __global__ void raster_large(const View* views, Queue* queue, int32_t samples, int32_t cut) {
    const int32_t count = queue->count < queue->room ? queue->count : queue->room;
    for (int32_t i = static_cast<int32_t>(blockIdx.x); i < count; i += static_cast<int32_t>(gridDim.x)) {
        const int32_t triangle = queue->items[2 * i + 1];
        Picture picture = views[queue->items[2 * i]].picture;
        const PixelBox box = pixel_box(picture, triangle);
        const int32_t x0 = static_cast<int32_t>(box.x0), x1 = static_cast<int32_t>(box.x1), y0 = static_cast<int32_t>(box.y0);
        const int32_t across = (x1 - x0 + STRIP - 1) / STRIP, strips = across * (static_cast<int32_t>(box.y1) - y0);
        for (int32_t s = static_cast<int32_t>(threadIdx.x); s < strips; s += static_cast<int32_t>(blockDim.x)) {
            const int32_t row = y0 + s / across, from = x0 + s % across * STRIP;
            picture.bounds.x0 = from;
            picture.bounds.x1 = from + STRIP < x1 ? from + STRIP : x1;
            raster_one(picture, triangle, samples, cut, row, row + 1);
        }
    }
}

// From keys to what the later passes read. A thread a sample.
extern "C" __global__ void settle(const View* views, Queue*, int32_t samples, int32_t) {
    const Picture& picture = views[blockIdx.y].picture;
    const int32_t i = thread_number();
    if (i >= picture.stride * picture.projection.height * samples) return;
    const unsigned long long key = picture.keys[i];
    picture.depth[i] = from_bits(static_cast<int32_t>(key >> 32)).v;
    picture.surface[i] = key ? static_cast<int32_t>(~static_cast<uint32_t>(key)) : -1;
}

// Distances along the optical axis, or heights. A thread a number.
extern "C" __global__ void measure(const View* views, Queue*, int32_t samples, int32_t) {
    const View& view = views[blockIdx.y];
    const Picture& picture = view.picture;
    const int32_t side = samples == 1 ? 1 : 2, width = picture.projection.width * side, i = thread_number();
    if (i >= width * picture.projection.height * side) return;
    const int32_t y = i / width, x = i % width, row = y / side, column = x / side;
    const size_t at = (static_cast<size_t>(row) * picture.stride + column) * samples + (y % side) * side + x % side;
    const float inverse = in_bounds(picture.bounds, row, column) ? picture.depth[at] : 0.0f;
    if (view.radius > 0.0f)
        view.distances[i] = inverse > 0.0f ? view.radius / inverse : from_bits(0x7f800000).v;
    else
        view.distances[i] = inverse;
}

// The blended parts. A thread a pixel.
extern "C" __global__ void veil(const View* views, Queue*, int32_t, int32_t) {
    const View& view = views[blockIdx.y];
    const int32_t width = view.picture.projection.width, i = thread_number(), row = i / width, column = i % width;
    if (row >= view.picture.projection.height || !in_bounds(view.picture.bounds, row, column)) return;
    Picture picture = view.picture;
    float* first = picture.veil + 4 * first_sample(picture, row, column);
    for (int32_t k = 0; k < 4 * SAMPLES; k++) first[k] = k % 4 == 3 ? 1.0f : 0.0f;
    picture.bounds.x0 = column;
    picture.bounds.x1 = column + 1;
    blend(picture, Scratch(), view.order, view.order_count, row, row + 1);
}

// The background at the corners of cells. A thread a corner.
extern "C" __global__ void background(const View* views, Queue*, int32_t, int32_t) {
    const Picture& picture = views[blockIdx.y].picture;
    const int32_t columns = sky_columns(picture), i = thread_number();
    if (picture.stage->there && i < columns * sky_rows(picture)) sky_corners(picture, i / columns, i % columns);
}

// The corners, mixed for rows of pixels. A thread a row.
extern "C" __global__ void background_rows(const View* views, Queue*, int32_t, int32_t) {
    const View& view = views[blockIdx.y];
    const int32_t row = thread_number();
    if (!view.picture.stage->there || row >= view.picture.projection.height) return;
    Scratch scratch = Scratch();
    scratch.sky_row = view.sky_rows + static_cast<size_t>(row) * 3 * sky_columns(view.picture);
    sky_row(view.picture, scratch, row);
}

// Passes 3 to 6. A thread a pixel.
extern "C" __global__ void finish(const View* views, Queue*, int32_t, int32_t) {
    const View& view = views[blockIdx.y];
    const Picture& picture = view.picture;
    const int32_t width = picture.projection.width, i = thread_number(), row = i / width, column = i % width;
    if (row >= picture.projection.height) return;
    float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    Scratch scratch = Scratch();
    scratch.red = sums;
    scratch.green = sums + 1;
    scratch.blue = sums + 2;
    scratch.cover = sums + 3;
    if (in_bounds(picture.bounds, row, column)) add_object(picture, scratch, row, column);
    scratch.sky_row = view.sky_rows + static_cast<size_t>(row) * 3 * sky_columns(picture);
    const Vec3 color = {Float(sums[0]), Float(sums[1]), Float(sums[2])};
    const Codes codes = composed(picture, scratch, Int(column), Float(static_cast<float>(row) + 0.5f), color, Float(sums[3]));
    uint8_t* out = picture.rgb + 3 * static_cast<size_t>(i);
    out[0] = static_cast<uint8_t>(codes.r.v);
    out[1] = static_cast<uint8_t>(codes.g.v);
    out[2] = static_cast<uint8_t>(codes.b.v);
}
