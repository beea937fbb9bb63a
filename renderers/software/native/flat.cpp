#include "flat.h"

#include <algorithm>
#include <cstring>

namespace software {
namespace {

constexpr size_t ALIGNED = 64;

// Copies a texture's texels once, whichever materials use it, and points the copy of its description at them.
void add_texture(Flat& flat, size_t at, const Texture& texture, std::map<const void*, size_t>& there) {
    if (!texture.levels) return;
    const int32_t last = texture.levels - 1;
    const size_t count = static_cast<size_t>(texture.offset[last]) + static_cast<size_t>(texture.width[last]) * texture.height[last];
    if (!there.count(texture.texels)) there[texture.texels] = flat.add(texture.texels, count);
    flat.point(at + offsetof(Texture, texels), there[texture.texels]);
    if (texture.alpha == nullptr) return;
    if (!there.count(texture.alpha)) there[texture.alpha] = flat.add(texture.alpha, count);
    flat.point(at + offsetof(Texture, alpha), there[texture.alpha]);
}

template <typename T>
void add_array(Flat& flat, size_t at, const T* values, size_t count) {
    if (values != nullptr) flat.point(at, flat.add(values, count));
}

}  // namespace

size_t Flat::add_bytes(const void* values, size_t size, size_t padding) {
    const size_t at = bytes.size();
    bytes.resize((at + size + padding + ALIGNED - 1) / ALIGNED * ALIGNED);
    if (size) std::memcpy(bytes.data() + at, values, size);
    return at;
}

void Flat::point(size_t at, size_t target) {
    const uint64_t value = target;
    std::memcpy(bytes.data() + at, &value, sizeof value);
    pointers.push_back(static_cast<int64_t>(at));
}

Flat flattened(const Object& object) {
    const Mesh& mesh = object.mesh();
    const size_t vertices = mesh.vertex_count, triangles = mesh.triangle_count, batches = mesh.batch_count;
    Flat flat;
    flat.add(&mesh, 1);
    add_array(flat, offsetof(Mesh, x), mesh.x, vertices);
    add_array(flat, offsetof(Mesh, y), mesh.y, vertices);
    add_array(flat, offsetof(Mesh, z), mesh.z, vertices);
    add_array(flat, offsetof(Mesh, attributes), mesh.attributes, 8 * vertices);
    add_array(flat, offsetof(Mesh, colors), mesh.colors, 4 * vertices);
    add_array(flat, offsetof(Mesh, a), mesh.a, triangles);
    add_array(flat, offsetof(Mesh, b), mesh.b, triangles);
    add_array(flat, offsetof(Mesh, c), mesh.c, triangles);
    add_array(flat, offsetof(Mesh, batch_of), mesh.batch_of, triangles);
    const size_t first = flat.add(mesh.batches, batches);
    flat.point(offsetof(Mesh, batches), first);
    std::map<const void*, size_t> there;
    for (size_t i = 0; i < batches; i++) {
        const Material& m = mesh.batches[i].material;
        const size_t at = first + i * sizeof(Batch) + offsetof(Batch, material);
        add_texture(flat, at + offsetof(Material, base), m.base, there);
        add_texture(flat, at + offsetof(Material, surface), m.surface, there);
        add_texture(flat, at + offsetof(Material, normal), m.normal, there);
        add_texture(flat, at + offsetof(Material, occlusion), m.occlusion, there);
        add_texture(flat, at + offsetof(Material, emission), m.emission, there);
    }
    return flat;
}

Flat flattened(const Surroundings& around) {
    Flat flat;
    const Light& light = around.light;
    const Ground& ground = around.stage.ground;
    flat.bytes.resize(STAGE_AT);
    std::memcpy(flat.bytes.data(), &light, sizeof light);
    const size_t stage = flat.add(&around.stage, 1);
    const Environment& e = light.environment;
    const int32_t last = e.levels - 1;
    const size_t texels = static_cast<size_t>(e.offset[last]) + static_cast<size_t>(e.width[last]) * e.height[last];
    add_array(flat, offsetof(Light, environment) + offsetof(Environment, texels), e.texels, 3 * texels);
    add_array(flat, offsetof(Light, sun_map), light.sun_map, static_cast<size_t>(light.sun_map_size) * light.sun_map_size);
    if (ground.there) {
        const int32_t least = ground.pattern_levels - 1;
        const size_t side = ground.pattern_width[least], words = static_cast<size_t>(ground.pattern_offset[least]) + side * side;
        const size_t at = stage + offsetof(Stage, ground);
        add_array(flat, at + offsetof(Ground, pattern), ground.pattern, words);
        add_array(flat, at + offsetof(Ground, shadow), ground.shadow, static_cast<size_t>(ground.shadow_size) * ground.shadow_size);
    }
    return flat;
}

}  // namespace software
