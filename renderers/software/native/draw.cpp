#include "draw.h"

#include <algorithm>
#include <functional>
#include <thread>

#include "camera.h"
#include "rounding.h"

namespace software {
namespace {

// Memory that lasts from picture to picture. One a thread that draws.
struct Room {
    std::vector<float> screen_x, screen_y, inverse_depth, depth, veil, sky;
    std::vector<int32_t> surface, order;
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

// Calls work(first, last) for parts of 0 to count, each in a thread of its own; parts begin at multiples of ``step``.
void in_parts(int32_t count, int32_t step, int32_t threads, const std::function<void(int32_t, int32_t)>& work) {
    const int32_t steps = (count + step - 1) / step, parts = std::max(std::min(threads, steps), 1);
    const auto start = [&](int32_t part) {
        return std::min(static_cast<int32_t>(static_cast<int64_t>(steps) * part / parts) * step, count);
    };
    std::vector<std::thread> others;
    for (int32_t part = 1; part < parts; part++)
        others.emplace_back([&, part] {
            const ExactRounding exact;
            work(start(part), start(part + 1));
        });
    work(0, start(1));
    for (std::thread& other : others) other.join();
}

// Passes 1 and 2.
void place_triangles(const Kernel& kernel, Picture& picture, int32_t samples, int32_t cut, int32_t threads) {
    const Mesh& mesh = *picture.mesh;
    const size_t line = static_cast<size_t>(picture.stride) * samples, count = line * picture.projection.height;
    picture.screen_x = fitted(room.screen_x, mesh.vertex_count);
    picture.screen_y = fitted(room.screen_y, mesh.vertex_count);
    picture.inverse_depth = fitted(room.inverse_depth, mesh.vertex_count);
    picture.depth = fitted(room.depth, count);
    picture.surface = fitted(room.surface, count);
    in_parts(mesh.vertex_count, 4096, threads, [&](int32_t first, int32_t last) { kernel.transform(picture, first, last); });
    const Bounds& b = picture.bounds;
    in_parts(std::max(b.y1 - b.y0, 0), 1, threads, [&](int32_t first, int32_t last) {
        for (int32_t row = b.y0 + first; row < b.y0 + last; row++) {
            const size_t from = row * line + static_cast<size_t>(b.x0) * samples, to = row * line + static_cast<size_t>(b.x1) * samples;
            std::fill(picture.depth + from, picture.depth + to, 0.0f);
            std::fill(picture.surface + from, picture.surface + to, -1);
        }
        if (b.x0 < b.x1) kernel.raster(picture, samples, cut, b.y0 + first, b.y0 + last);
    });
}

void blend_triangles(const Kernel& kernel, const Object& object, Picture& picture, int32_t threads) {
    const int32_t count = static_cast<int32_t>(object.blended().size());
    sort_blended(object, picture.eye, fitted(room.order, count));
    const Bounds& b = picture.bounds;
    const size_t line = static_cast<size_t>(picture.stride) * SAMPLES * 4;
    picture.veil = fitted(room.veil, line * picture.projection.height);
    const int32_t* order = room.order.data();
    in_parts(std::max(b.y1 - b.y0, 0), 1, threads, [&](int32_t first, int32_t last) {
        for (int32_t row = b.y0 + first; row < b.y0 + last; row++)
            for (size_t i = row * line + static_cast<size_t>(b.x0) * SAMPLES * 4, end = row * line + static_cast<size_t>(b.x1) * SAMPLES * 4;
                 i < end; i += 4) {
                picture.veil[i] = picture.veil[i + 1] = picture.veil[i + 2] = 0.0f;
                picture.veil[i + 3] = 1.0f;
            }
        if (b.x0 < b.x1) kernel.blend(picture, Scratch{}, order, count, b.y0 + first, b.y0 + last);
    });
}

void write_depth(const Kernel& kernel, const Picture& picture, double radius, int32_t samples, int32_t threads, float* out) {
    in_parts(picture.projection.height, 1, threads, [&](int32_t first, int32_t last) {
        kernel.depth(picture, samples, static_cast<float>(radius), out, first, last);
    });
}

}  // namespace

void draw_color(const Kernel& kernel, const Object& object, const Surroundings& around, const CameraNumbers& camera,
                int32_t threads, uint8_t* rgb, float* depth) {
    const ExactRounding exact;
    Picture picture{};
    picture.mesh = &object.mesh();
    picture.light = &around.light;
    picture.stage = &around.stage;
    picture.rgb = rgb;
    set_camera(picture, object, camera);
    set_stride(picture);
    if (depth != nullptr && object.blends()) {
        place_triangles(kernel, picture, SAMPLES, CUT_DEPTH, threads);
        write_depth(kernel, picture, object.radius(), SAMPLES, threads, depth);
        depth = nullptr;
    }
    place_triangles(kernel, picture, SAMPLES, CUT_COLOR, threads);
    if (depth != nullptr) write_depth(kernel, picture, object.radius(), SAMPLES, threads, depth);
    if (object.blends()) blend_triangles(kernel, object, picture, threads);
    if (around.stage.there) {
        const size_t columns = camera.width / SKY_CELL + 2, rows = camera.height / SKY_CELL + 2;
        picture.sky = fitted(room.sky, 3 * columns * rows);
        kernel.sky(picture);
    }
    in_parts(camera.height, CHUNK_ROWS, threads, [&](int32_t first, int32_t last) {
        scratch_room.fit(camera.width, picture.mesh->batch_count);
        kernel.finish(picture, scratch_room.scratch, first, last);
    });
}

void draw_depth(const Kernel& kernel, const Object& object, const CameraNumbers& camera, int32_t threads, float* depth) {
    const ExactRounding exact;
    Picture picture{};
    picture.mesh = &object.mesh();
    set_camera(picture, object, camera);
    set_stride(picture);
    place_triangles(kernel, picture, 1, CUT_DEPTH, threads);
    write_depth(kernel, picture, object.radius(), 1, threads, depth);
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
