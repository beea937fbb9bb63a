#include "draw.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <system_error>
#include <thread>

#include "camera.h"
#include "rounding.h"

namespace software {
namespace {

// Memory that lasts from picture to picture. One a thread that draws.
struct Room {
    std::vector<float> screen_x, screen_y, inverse_depth, depth, sky;
    std::vector<int32_t> surface, order;
    std::vector<Rows> rows;
};
thread_local Room room;

// Memory of one of a picture's threads.
struct ScratchRoom {
    std::vector<float> floats;
    std::vector<int32_t> integers;
    Scratch scratch{};

    void fit(int32_t width, int32_t batches) {
        const size_t most = static_cast<size_t>(CHUNK_ROWS) * width * SAMPLES + PADDING;
        const size_t pixels = static_cast<size_t>(CHUNK_ROWS) * width + PADDING;
        const size_t columns = 3 * (static_cast<size_t>(width) / SKY_CELL + 2) + PADDING;
        floats.resize(std::max(floats.size(), 6 * most + 4 * pixels + columns));
        integers.resize(std::max(integers.size(), 3 * most + batches + 1));
        float* f = floats.data();
        Fragments& g = scratch.fragments;
        for (float** part : {&g.x, &g.y, &g.weight, &g.r, &g.g, &g.b}) {
            *part = f;
            f += most;
        }
        for (float** part : {&scratch.red, &scratch.green, &scratch.blue, &scratch.cover}) {
            *part = f;
            f += pixels;
        }
        scratch.sky_row = f;
        int32_t* i = integers.data();
        for (int32_t** part : {&g.pixel, &g.triangle, &g.order}) {
            *part = i;
            i += most;
        }
        scratch.counts = i;
    }
};
thread_local ScratchRoom scratch_room;

template <typename T>
T* fitted(std::vector<T>& v, size_t count) {
    if (v.size() < count + PADDING) v.resize(count + PADDING);
    return v.data();
}

// Calls work(first, last) for parts of 0 to count, each in a thread of its own; parts begin at multiples of ``step``. Where the
// system gives no more threads, this one does the rest. Throws what the first of the parts that failed has thrown.
void in_parts(int32_t count, int32_t step, int32_t threads, const std::function<void(int32_t, int32_t)>& work) {
    const int32_t steps = (count + step - 1) / step, parts = std::max(std::min(threads, steps), 1);
    const auto start = [&](int32_t part) {
        return std::min(static_cast<int32_t>(static_cast<int64_t>(steps) * part / parts) * step, count);
    };
    std::vector<std::exception_ptr> errors(parts);
    const auto run = [&](int32_t part) {
        const ExactRounding exact;
        try {
            work(start(part), start(part + 1));
        } catch (...) {
            errors[part] = std::current_exception();
        }
    };
    std::vector<std::thread> others;
    others.reserve(parts);
    int32_t part = 1;
    try {
        for (; part < parts; part++) others.emplace_back(run, part);
    } catch (const std::system_error&) {
    }
    run(0);
    for (; part < parts; part++) run(part);
    for (std::thread& other : others) other.join();
    for (const std::exception_ptr& error : errors)
        if (error) std::rethrow_exception(error);
}

void transform_vertices(const Kernel& kernel, Picture& picture, int32_t threads) {
    const int32_t count = picture.mesh->vertex_count;
    picture.screen_x = fitted(room.screen_x, count);
    picture.screen_y = fitted(room.screen_y, count);
    picture.inverse_depth = fitted(room.inverse_depth, count);
    in_parts(count, 4096, threads, [&](int32_t first, int32_t last) { kernel.transform(picture, first, last); });
}

// Empties the samples of rows and draws the triangles into them.
void raster_rows(const Kernel& kernel, const Picture& picture, int32_t samples, int32_t cut, int32_t first, int32_t last) {
    const Bounds& b = picture.bounds;
    const int32_t from = std::max(first, b.y0), to = std::min(last, b.y1);
    if (from >= to || b.x0 >= b.x1) return;
    const size_t line = static_cast<size_t>(picture.stride) * samples, width = static_cast<size_t>(b.x1 - b.x0) * samples;
    for (int32_t row = from; row < to; row++) {
        const size_t start = row * line + static_cast<size_t>(b.x0) * samples;
        std::fill_n(picture.depth + start, width, 0.0f);
        std::fill_n(picture.surface + start, width, -1);
    }
    kernel.raster(picture, samples, cut, from, to);
}

// Passes 1 and 2, into memory for the whole picture.
void place_triangles(const Kernel& kernel, Picture& picture, int32_t samples, int32_t cut, int32_t threads) {
    const size_t count = static_cast<size_t>(picture.stride) * samples * picture.projection.height;
    picture.depth = fitted(room.depth, count);
    picture.surface = fitted(room.surface, count);
    transform_vertices(kernel, picture, threads);
    in_parts(picture.projection.height, 1, threads,
             [&](int32_t first, int32_t last) { raster_rows(kernel, picture, samples, cut, first, last); });
}

void blend_rows(const Kernel& kernel, const Picture& picture, const std::vector<int32_t>& order, int32_t count, int32_t first, int32_t last) {
    const Bounds& b = picture.bounds;
    const int32_t from = std::max(first, b.y0), to = std::min(last, b.y1);
    if (from >= to || b.x0 >= b.x1) return;
    const size_t line = static_cast<size_t>(picture.stride) * SAMPLES * 4;
    for (int32_t row = from; row < to; row++)
        for (size_t i = row * line + static_cast<size_t>(b.x0) * SAMPLES * 4, end = row * line + static_cast<size_t>(b.x1) * SAMPLES * 4;
             i < end; i += 4) {
            picture.veil[i] = picture.veil[i + 1] = picture.veil[i + 2] = 0.0f;
            picture.veil[i + 3] = 1.0f;
        }
    kernel.blend(picture, Scratch{}, order.data(), count, from, to);
}

// A picture is drawn in bands of rows, whose samples stay in the processor's cache. A small picture stays there anyway. Many
// triangles, and blended ones, which have an order, would cost more to go through for every band than the memory does.
constexpr int32_t BAND_ROWS = 4 * CHUNK_ROWS;
constexpr int32_t MANY_TRIANGLES = 50000, FEW_SAMPLES = 1 << 16;
bool is_drawn_at_once(const Object& object, const Picture& picture) {
    return object.blends() || picture.mesh->triangle_count > MANY_TRIANGLES ||
           picture.stride * SAMPLES <= FEW_SAMPLES / picture.projection.height;
}

// Memory of one band.
struct BandRoom {
    std::vector<float> depth, veil;
    std::vector<int32_t> surface;
};
thread_local BandRoom band_room;

struct ColorTask {
    const Kernel& kernel;
    const Object& object;
    Picture picture;
    const std::vector<int32_t>& order;  // of the blended triangles
    float* depth;                       // to be written, or null
};

// Passes 2 to 6 for the rows first .. last. The picture is not the same for two bands: it has the band's memory.
void draw_band(const ColorTask& task, int32_t first, int32_t last) {
    const bool blends = task.object.blends();
    const float radius = static_cast<float>(task.object.radius());
    Picture picture = task.picture;
    const size_t line = static_cast<size_t>(picture.stride) * SAMPLES, count = line * (last - first);
    picture.depth = fitted(band_room.depth, count) - first * line;  // rows count from the picture's top
    picture.surface = fitted(band_room.surface, count) - first * line;
    if (task.depth != nullptr && blends) {
        raster_rows(task.kernel, picture, SAMPLES, CUT_DEPTH, first, last);
        task.kernel.depth(picture, SAMPLES, radius, task.depth, first, last);
    }
    raster_rows(task.kernel, picture, SAMPLES, CUT_COLOR, first, last);
    if (task.depth != nullptr && !blends) task.kernel.depth(picture, SAMPLES, radius, task.depth, first, last);
    if (blends) {
        picture.veil = fitted(band_room.veil, 4 * count) - 4 * first * line;
        blend_rows(task.kernel, picture, task.order, static_cast<int32_t>(task.object.blended().size()), first, last);
    }
    scratch_room.fit(picture.projection.width, picture.mesh->batch_count);
    task.kernel.finish(picture, scratch_room.scratch, first, last);
}

}  // namespace

void draw_color(const Kernel& kernel, const Object& object, const Surroundings& around, const CameraNumbers& camera,
                int32_t threads, uint8_t* rgb, float* depth) {
    const ExactRounding exact;
    ColorTask task{kernel, object, {}, room.order, depth};
    Picture& picture = task.picture;
    picture.mesh = &object.mesh();
    picture.light = &around.light;
    picture.stage = &around.stage;
    picture.rgb = rgb;
    set_camera(picture, object, camera);
    set_stride(picture);
    transform_vertices(kernel, picture, threads);
    const bool at_once = is_drawn_at_once(object, picture);
    if (!at_once) {
        picture.rows_of_block = fitted(room.rows, static_cast<size_t>(picture.mesh->triangle_count) / BLOCK + picture.mesh->batch_count);
        kernel.blocks(picture);
    }
    if (object.blends()) sort_blended(object, picture.eye, fitted(room.order, object.blended().size()));
    if (around.stage.there) {
        const size_t columns = camera.width / SKY_CELL + 2, rows = camera.height / SKY_CELL + 2;
        picture.sky = fitted(room.sky, 3 * columns * rows);
        kernel.sky(picture);
    }
    in_parts(camera.height, at_once ? CHUNK_ROWS : BAND_ROWS, threads, [&](int32_t first, int32_t last) {
        const int32_t rows = at_once ? last - first : BAND_ROWS;
        for (int32_t row = first; row < last; row += rows) draw_band(task, row, std::min(row + rows, last));
    });
}

void draw_depth(const Kernel& kernel, const Object& object, const CameraNumbers& camera, int32_t threads, float* depth) {
    const ExactRounding exact;
    Picture picture{};
    picture.mesh = &object.mesh();
    set_camera(picture, object, camera);
    set_stride(picture);
    place_triangles(kernel, picture, 1, CUT_DEPTH, threads);
    in_parts(camera.height, 1, threads, [&](int32_t first, int32_t last) {
        kernel.depth(picture, 1, static_cast<float>(object.radius()), depth, first, last);
    });
}

void draw_surfaces(const Kernel& kernel, const Object& object, const CameraNumbers& camera, int32_t threads, int32_t* surfaces) {
    const ExactRounding exact;
    Picture picture{};
    picture.mesh = &object.mesh();
    set_camera(picture, object, camera);
    set_stride(picture);
    place_triangles(kernel, picture, SAMPLES, CUT_COLOR, threads);
    const size_t line = static_cast<size_t>(camera.width) * SAMPLES, stride = static_cast<size_t>(picture.stride) * SAMPLES;
    std::fill(surfaces, surfaces + line * camera.height, -1);
    const Bounds& b = picture.bounds;
    for (int32_t row = b.y0; row < b.y1 && b.x0 < b.x1; row++)
        std::copy(picture.surface + row * stride + b.x0 * SAMPLES, picture.surface + row * stride + std::min(b.x1, camera.width) * SAMPLES,
                  surfaces + row * line + b.x0 * SAMPLES);
}

void draw_heights(const Kernel& kernel, const Object& object, const float* matrix, int32_t size, float* heights) {
    const ExactRounding exact;
    Picture picture{};
    picture.mesh = &object.mesh();
    std::copy(matrix, matrix + 12, picture.projection.matrix);
    picture.projection.width = picture.projection.height = size;
    picture.bounds = {0, 0, size, size};
    set_stride(picture);
    place_triangles(kernel, picture, 1, CUT_DEPTH, 1);
    for (int32_t row = 0; row < size; row++) {
        const float* line = picture.depth + static_cast<size_t>(row) * picture.stride;
        std::copy(line, line + size, heights + static_cast<size_t>(row) * size);
    }
}

}  // namespace software
