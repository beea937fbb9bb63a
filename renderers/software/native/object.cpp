#include "object.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "locality.h"

namespace software {
namespace {

struct Vector {
    float x, y, z;
};
Vector at(const float* values, size_t i) { return {values[3 * i], values[3 * i + 1], values[3 * i + 2]}; }
Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
float dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
Vector cross(Vector a, Vector b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }

}  // namespace

Object::Object(const double* center, double radius, const Box& box) : radius_(radius), box_(box) {
    std::copy(center, center + 3, center_);
}

const Mesh& Object::mesh() const {
    if (!finished_) throw std::invalid_argument("the object is not finished");
    return mesh_;
}

void Object::require_unfinished() const {
    if (finished_) throw std::invalid_argument("the object is finished");
}

int32_t Object::add_texture(const Bytes& pixels, bool is_color, int32_t wrap_u, int32_t wrap_v) {
    require_unfinished();
    textures_.push_back(
        std::make_shared<const StoredTexture>(store_texture(pixels.rgba.data(), pixels.height, pixels.width, is_color, wrap_u, wrap_v)));
    return static_cast<int32_t>(textures_.size()) - 1;
}

void Object::begin_batch(const Material& material, const int32_t (&textures)[5]) {
    require_unfinished();
    Batch batch{static_cast<int32_t>(a_.size()), 0, material};
    Texture* const slots[5] = {&batch.material.base, &batch.material.surface, &batch.material.normal,
                               &batch.material.occlusion, &batch.material.emission};
    for (int i = 0; i < 5; i++) {
        if (textures[i] < 0) continue;
        if (static_cast<size_t>(textures[i]) >= textures_.size()) throw std::invalid_argument("there is no such texture");
        *slots[i] = textures_[textures[i]]->view;
    }
    batches_.push_back(batch);
    first_vertex_.push_back(x_.size());
}

void Object::add_primitive(const PrimitiveArrays& given, const float* base_color) {
    require_unfinished();
    if (batches_.empty()) throw std::invalid_argument("a primitive needs a material first");
    const size_t first = x_.size(), total = first + given.vertex_count, limit = std::numeric_limits<int32_t>::max() / 8;
    if (total > limit || a_.size() + given.triangle_count > limit) throw std::invalid_argument("the mesh is too large");
    for (size_t i = 0; i < 3 * given.triangle_count; i++)
        if (given.triangles[i] >= given.vertex_count) throw std::invalid_argument("a triangle refers to a vertex that is not there");
    std::optional<OrderedPrimitive> ordered;
    if (is_scattered(given)) ordered.emplace(given);
    const PrimitiveArrays& p = ordered ? ordered->arrays() : given;
    x_.resize(total);
    y_.resize(total);
    z_.resize(total);
    attributes_.resize(8 * total);
    colors_.resize(4 * total);
    for (size_t i = 0; i < p.vertex_count; i++) {
        float* v = attributes_.data() + 8 * (first + i);
        for (int c = 0; c < 3; c++) v[c] = static_cast<float>((p.positions[3 * i + c] - center_[c]) / radius_);
        x_[first + i] = v[0];
        y_[first + i] = v[1];
        z_[first + i] = v[2];
        v[6] = p.uvs ? p.uvs[2 * i] : 0.0f;
        v[7] = p.uvs ? p.uvs[2 * i + 1] : 0.0f;
        for (int c = 0; c < 4; c++) colors_[4 * (first + i) + c] = base_color[c] * (p.colors ? p.colors[4 * i + c] : 1.0f);
    }
    add_normals(p, first);
    batches_.back().count += static_cast<int32_t>(p.triangle_count);
}

// Normals, none of them missing, and triangles, counter-clockwise from the side they point to. Files whose winding and
// normals disagree are common, and the normals are what is seen. A vertex whose normal has no length gets the sum of its
// faces'.
void Object::add_normals(const PrimitiveArrays& p, size_t first) {
    const auto position = [&](size_t i) {
        const float* v = attributes_.data() + 8 * (first + i);
        return Vector{v[0], v[1], v[2]};
    };
    const auto face = [&](const uint32_t* i) {
        const Vector o = position(i[0]);
        return cross(position(i[1]) - o, position(i[2]) - o);
    };
    std::vector<uint8_t> missing(p.vertex_count);
    bool some = false;
    for (size_t i = 0; i < p.vertex_count; i++) {
        const Vector n = at(p.normals, i);
        missing[i] = !(dot(n, n) > 1e-12f);  // or not a number
        some |= missing[i] != 0;
        float* v = attributes_.data() + 8 * (first + i) + 3;
        v[0] = missing[i] ? 0.0f : n.x;
        v[1] = missing[i] ? 0.0f : n.y;
        v[2] = missing[i] ? 0.0f : n.z;
    }
    for (size_t t = 0; some && t < p.triangle_count; t++) {
        const Vector f = face(p.triangles + 3 * t);
        for (int k = 0; k < 3; k++) {
            const size_t i = p.triangles[3 * t + k];
            float* v = attributes_.data() + 8 * (first + i) + 3;
            if (!missing[i]) continue;
            v[0] += f.x;
            v[1] += f.y;
            v[2] += f.z;
        }
    }
    for (size_t i = 0; some && i < p.vertex_count; i++) {
        float* v = attributes_.data() + 8 * (first + i) + 3;
        const float length = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
        if (!missing[i]) continue;
        for (int c = 0; c < 3; c++) v[c] = length > 0.0f ? v[c] / length : c == 2 ? 1.0f : 0.0f;
    }
    const int32_t batch = static_cast<int32_t>(batches_.size()) - 1;
    for (size_t t = 0; t < p.triangle_count; t++) {
        const uint32_t* i = p.triangles + 3 * t;
        float around[3];
        for (int c = 0; c < 3; c++)
            around[c] = attributes_[8 * (first + i[0]) + 3 + c] + attributes_[8 * (first + i[1]) + 3 + c] + attributes_[8 * (first + i[2]) + 3 + c];
        const bool inwards = dot({around[0], around[1], around[2]}, face(i)) < 0.0f;
        a_.push_back(static_cast<int32_t>(first + i[inwards ? 2 : 0]));
        b_.push_back(static_cast<int32_t>(first + i[1]));
        c_.push_back(static_cast<int32_t>(first + i[inwards ? 0 : 2]));
        batch_of_.push_back(batch);
    }
}

// Where all vertices of a material have one colour, the material keeps it.
void Object::settle_colors() {
    bool needed = false;
    for (size_t b = 0; b < batches_.size(); b++) {
        const size_t first = first_vertex_[b], last = b + 1 < batches_.size() ? first_vertex_[b + 1] : x_.size();
        Material& m = batches_[b].material;
        m.colored = 0;
        for (size_t i = first; i < last; i++)
            for (int c = 0; c < 4; c++) m.colored |= colors_[4 * i + c] != colors_[4 * first + c];
        for (int c = 0; c < 4; c++) m.base_color[c] = first < last ? colors_[4 * first + c] : 1.0f;
        needed |= m.colored != 0;
    }
    if (!needed) std::vector<float>().swap(colors_);
}

void Object::list_blended() {
    for (const Batch& batch : batches_) {
        if (batch.material.alpha_mode != BLENDED) continue;
        for (int32_t t = batch.first; t < batch.first + batch.count; t++) {
            blended_.push_back(t);
            const std::vector<float>* const axes[3] = {&x_, &y_, &z_};
            for (const std::vector<float>* axis : axes)
                centroids_.push_back(((*axis)[a_[t]] + (*axis)[b_[t]] + (*axis)[c_[t]]) / 3.0f);
        }
    }
    blends_ = !blended_.empty();
}

void Object::finish() {
    require_unfinished();
    settle_colors();
    list_blended();
    settle();
}

// Pads the arrays and points the mesh to them.
void Object::settle() {
    const int32_t vertices = static_cast<int32_t>(x_.size()), triangles = static_cast<int32_t>(a_.size());
    for (std::vector<float>* v : {&x_, &y_, &z_}) v->resize(vertices + PADDING);
    for (std::vector<int32_t>* v : {&a_, &b_, &c_}) v->resize(triangles + PADDING);
    attributes_.resize(attributes_.size() + PADDING);
    mesh_ = {vertices, triangles, static_cast<int32_t>(batches_.size()), x_.data(), y_.data(), z_.data(), attributes_.data(),
             colors_.empty() ? nullptr : colors_.data(), a_.data(), b_.data(), c_.data(), batches_.data(), batch_of_.data()};
    finished_ = true;
}

size_t Object::bytes() const {
    size_t total = 4 * (3 * x_.size() + attributes_.size() + colors_.size() + 4 * a_.size() + centroids_.size());
    for (const auto& t : textures_) total += 4 * t->texels.size() + t->alpha.size();
    return total;
}

}  // namespace software
