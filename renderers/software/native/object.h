// A mesh as the passes read it: vertices in the unit frame, triangles that face the way their normals do, textures with
// mip levels. Everything that does not depend on a view is done here, once.
#pragma once
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

#include "scene.h"
#include "textures.h"

namespace software {

// Arrays of one primitive; null where there is none. Lengths in elements.
struct PrimitiveArrays {
    const float* positions;   // (vertices, 3), world units
    const float* normals;     // (vertices, 3)
    const float* uvs;         // (vertices, 2)
    const float* colors;      // (vertices, 4)
    const uint32_t* triangles;  // (triangles, 3)
    size_t vertex_count, triangle_count;
};

// The box of the vertices that triangles use: low and high, 3 each. Empty where low > high.
struct Box {
    double low[3], high[3];
};

class Object {
  public:
    // center (3,) and radius of the unit frame, world units; box: of the object, in the unit frame.
    Object(const double* center, double radius, const Box& box);
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    int32_t add_texture(const Bytes& pixels, bool is_color, int32_t wrap_u, int32_t wrap_v);
    // Texture numbers by slot (base, surface, normal, occlusion, emission); -1: none. What is added next belongs to it.
    void begin_batch(const Material& material, const int32_t (&textures)[5]);
    // base_color (4,) multiplies the vertices' colours. Throws std::invalid_argument where an index is out of range.
    void add_primitive(const PrimitiveArrays& p, const float* base_color);
    // After the last primitive; nothing is added then. Only a finished object is drawn.
    void finish();
    // A coarser object for small pictures, once this one is finished; see coarse.cpp. It shares the textures.
    Object* coarse() const;

    // Throws std::invalid_argument before `finish`.
    const Mesh& mesh() const;
    const double* center() const { return center_; }
    double radius() const { return radius_; }
    const Box& box() const { return box_; }
    bool blends() const { return blends_; }
    const std::vector<float>& centroids() const { return centroids_; }
    const std::vector<int32_t>& blended() const { return blended_; }
    size_t bytes() const;

  private:
    void add_normals(const PrimitiveArrays& p, size_t first);
    void require_unfinished() const;
    void settle_colors();
    void list_blended();
    void settle();
    void average(const std::vector<float>& places, const std::vector<float>& members, const std::vector<uint32_t>& cell_of);

    double center_[3], radius_;
    Box box_;
    bool blends_ = false, finished_ = false;
    Mesh mesh_{};
    std::vector<float> x_, y_, z_, attributes_, colors_;
    std::vector<int32_t> a_, b_, c_, batch_of_;
    std::vector<Batch> batches_;
    std::vector<size_t> first_vertex_;  // by batch
    std::vector<std::shared_ptr<const StoredTexture>> textures_;
    std::vector<int32_t> blended_;      // triangles of blended batches
    std::vector<float> centroids_;      // 3 for each of them
};

}  // namespace software
