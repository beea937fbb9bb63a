#include "views.h"

#include <algorithm>
#include <cstring>

#include "view.h"

namespace software {
namespace {

constexpr int32_t MOST_LARGE = 1 << 18;  // triangles that the queue holds

// Elements of a picture's parts, padding included.
struct Sizes {
    size_t vertices, samples, veil, sky, sky_rows;
};

Sizes sizes_of(const Object& object, const Task& task) {
    const size_t stride = (static_cast<size_t>(task.width) + 15) / 16 * 16;
    const size_t columns = (task.width + SKY_CELL - 1) / SKY_CELL + 1, rows = (task.height + SKY_CELL - 1) / SKY_CELL + 1;
    const bool sky = task.color && task.staged;
    Sizes s;
    s.vertices = static_cast<size_t>(object.mesh().vertex_count) + PADDING;
    s.samples = stride * task.height * task.samples;
    s.veil = task.color && object.blends() ? 4 * s.samples : 0;
    s.sky = sky ? 3 * columns * rows : 0;
    s.sky_rows = sky ? 3 * columns * task.height : 0;
    return s;
}

size_t distances_of(const Task& task) {
    const size_t side = task.samples == 1 ? 1 : 2;
    return task.distances ? side * side * task.width * task.height : 0;
}

template <typename T>
T* at(uint64_t address) {
    return reinterpret_cast<T*>(address);
}

void set_addresses(View& view, const Object& object, const Task& task, const Layout& layout, const Addresses& to, int32_t i) {
    const Sizes s = sizes_of(object, task);
    const uint64_t m = to.memory, floats = m + layout.floats + i * 4 * (3 * s.vertices + s.samples + s.veil);
    Picture& p = view.picture;
    p.mesh = at<const Mesh>(to.mesh);
    p.light = at<const Light>(to.light);
    p.stage = at<const Stage>(to.stage);
    p.screen_x = at<float>(floats);
    p.screen_y = p.screen_x + s.vertices;
    p.inverse_depth = p.screen_y + s.vertices;
    p.depth = p.inverse_depth + s.vertices;
    p.veil = s.veil ? p.depth + s.samples : nullptr;
    p.keys = at<unsigned long long>(m + layout.keys + i * 8 * s.samples);
    p.surface = at<int32_t>(m + layout.surface + i * 4 * s.samples);
    p.sky = at<float>(m + layout.sky + i * 4 * (s.sky + s.sky_rows));
    view.sky_rows = p.sky + s.sky;
    p.rgb = at<uint8_t>(m + layout.rgb + static_cast<size_t>(i) * 3 * task.width * task.height);
    view.distances = task.distances ? at<float>(m + layout.distances + 4 * i * distances_of(task)) : nullptr;
    view.order_count = s.veil ? static_cast<int32_t>(object.blended().size()) : 0;
    view.order = at<const int32_t>(m + layout.order + 4 * static_cast<size_t>(i) * view.order_count);
}

void put_queue(std::vector<uint8_t>& head, const Layout& layout, const Addresses& to) {
    const Queue queue = {at<int32_t>(to.memory + layout.items), layout.room, 0};
    std::memcpy(head.data() + layout.queue, &queue, sizeof queue);
}

}  // namespace

Layout layout_of(const Object& object, const Task& task) {
    const Sizes s = sizes_of(object, task);
    const size_t n = task.count, triangles = object.mesh().triangle_count, blended = s.veil ? object.blended().size() : 0;
    Layout l;
    l.room = static_cast<int32_t>(std::min(n * triangles, static_cast<size_t>(MOST_LARGE)));
    size_t end = 0;
    const auto next = [&](size_t bytes) {
        const size_t start = end;
        end = (end + bytes + 255) / 256 * 256;
        return start;
    };
    l.views = next(n * sizeof(View));
    l.queue = next(sizeof(Queue));
    l.order = next(4 * n * blended);
    l.head_end = end;
    l.items = next(8 * static_cast<size_t>(l.room));
    l.floats = next(4 * n * (3 * s.vertices + s.samples + s.veil));
    l.keys = next(8 * n * s.samples);
    l.surface = next(4 * n * s.samples);
    l.sky = next(4 * n * (s.sky + s.sky_rows));
    l.rgb = next(task.color ? 3 * n * task.width * task.height : 0);
    l.distances = next(4 * n * distances_of(task));
    l.total = end;
    return l;
}

std::vector<uint8_t> head_of_pictures(const Object& object, const Task& task, const double* poses, const double* intrinsics,
                                      const Addresses& addresses) {
    const Layout layout = layout_of(object, task);
    std::vector<uint8_t> head(layout.head_end);
    for (int32_t i = 0; i < task.count; i++) {
        View view{};
        set_camera(view.picture, object, {poses + 16 * static_cast<size_t>(i), intrinsics + 9 * static_cast<size_t>(i), task.width, task.height});
        set_stride(view.picture);
        set_addresses(view, object, task, layout, addresses, i);
        view.radius = static_cast<float>(object.radius());
        if (view.order_count) {
            std::vector<int32_t> order(view.order_count);
            sort_blended(object, view.picture.eye, order.data());
            std::memcpy(head.data() + layout.order + 4 * order.size() * i, order.data(), 4 * order.size());
        }
        std::memcpy(head.data() + layout.views + i * sizeof(View), &view, sizeof view);
    }
    put_queue(head, layout, addresses);
    return head;
}

std::vector<uint8_t> head_of_map(const Object& object, const Task& task, const float* matrix, const Addresses& addresses) {
    const Layout layout = layout_of(object, task);
    std::vector<uint8_t> head(layout.head_end);
    View view{};
    Picture& p = view.picture;
    std::copy(matrix, matrix + 12, p.projection.matrix);
    p.projection.width = task.width;
    p.projection.height = task.height;
    p.bounds = {0, 0, task.width, task.height};
    set_stride(p);
    set_addresses(view, object, task, layout, addresses, 0);
    std::memcpy(head.data() + layout.views, &view, sizeof view);
    put_queue(head, layout, addresses);
    return head;
}

}  // namespace software
