// A coarser mesh for thumbnails, whose pixels are larger than its cells: the vertices in each cell of a grid become one
// place. Of the vertices there, those with other normals, texture coordinates or materials stay apart, at that place.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "object.h"
#include "rounding.h"

namespace software {
namespace {

constexpr float CELL = 0.02f;             // side of a cell, radii
constexpr float TEXTURE_PARTS = 16.0f;    // coordinates in one part of a texture may be averaged
constexpr uint32_t NONE = std::numeric_limits<uint32_t>::max();

// Numbers keys in the order in which they come.
class Numbers {
  public:
    uint32_t of(uint64_t key) {
        if (2 * (count_ + size_t{1}) > keys_.size()) grow();
        const size_t slot = find(key);
        if (numbers_[slot] == NONE) {
            keys_[slot] = key;
            numbers_[slot] = count_++;
        }
        return numbers_[slot];
    }
    uint32_t count() const { return count_; }

  private:
    size_t find(uint64_t key) const {
        const uint64_t mixed = key * 0x9E3779B97F4A7C15u;
        size_t slot = (mixed ^ mixed >> 32) & (keys_.size() - 1);
        while (numbers_[slot] != NONE && keys_[slot] != key) slot = (slot + 1) & (keys_.size() - 1);
        return slot;
    }
    void grow() {
        std::vector<uint64_t> keys(std::max<size_t>(2 * keys_.size(), 1 << 12));
        std::vector<uint32_t> numbers(keys.size(), NONE);
        keys_.swap(keys);
        numbers_.swap(numbers);
        for (size_t i = 0; i < keys.size(); i++) {
            if (numbers[i] == NONE) continue;
            const size_t slot = find(keys[i]);
            keys_[slot] = keys[i];
            numbers_[slot] = numbers[i];
        }
    }

    std::vector<uint64_t> keys_;
    std::vector<uint32_t> numbers_;
    uint32_t count_ = 0;
};

// ``bits`` bits of the number of the interval of length 1 that a value lies in.
uint64_t interval(float value, int bits) {
    const float limit = static_cast<float>(1 << (bits - 1));
    const float within = value > -limit && value < limit - 1.0f ? value : 0.0f;
    return static_cast<uint64_t>(static_cast<int64_t>(std::floor(within)) + (int64_t{1} << (bits - 1)));
}

bool is_finite(const float* v) { return std::isfinite(v[0]) && std::isfinite(v[1]) && std::isfinite(v[2]); }

// The cell of a place, and what must be equal for vertices of a cell to become one. ``v``: a vertex's attributes.
uint64_t cell_key(const float* v) {
    return interval(v[0] / CELL, 16) << 32 | interval(v[1] / CELL, 16) << 16 | interval(v[2] / CELL, 16);
}
uint64_t look_key(const float* v, uint32_t cell, size_t batch) {
    const uint64_t facing = (v[3] < 0.0f) | (v[4] < 0.0f) << 1 | (v[5] < 0.0f) << 2;
    return (batch & 0x1FFF) << 51 | static_cast<uint64_t>(cell & 0xFFFFFF) << 27 | facing << 24 |
           interval(v[6] * TEXTURE_PARTS, 12) << 12 | interval(v[7] * TEXTURE_PARTS, 12);
}

}  // namespace

Object* Object::coarse() const {
    const ExactRounding exact;
    const size_t vertices = mesh().vertex_count;
    std::unique_ptr<Object> made(new Object(center_, radius_, box_));
    std::vector<uint32_t> to(vertices, NONE), cell_of;
    std::vector<float> places, members;  // sums by cell, and by new vertex how many there are
    Numbers cells, looks;
    for (size_t b = 0; b < batches_.size(); b++) {
        made->first_vertex_.push_back(looks.count());
        const size_t last = b + 1 < batches_.size() ? first_vertex_[b + 1] : vertices;
        for (size_t i = first_vertex_[b]; i < last; i++) {
            const float* v = attributes_.data() + 8 * i;
            if (!is_finite(v)) continue;
            const uint32_t cell = cells.of(cell_key(v)), look = looks.of(look_key(v, cell, b));
            to[i] = look;
            places.resize(4 * size_t{cells.count()});
            for (int c = 0; c < 3; c++) places[4 * cell + c] += v[c];
            places[4 * cell + 3] += 1.0f;
            cell_of.resize(looks.count());
            members.resize(looks.count());
            made->attributes_.resize(8 * size_t{looks.count()});
            cell_of[look] = cell;
            members[look] += 1.0f;
            for (int c = 3; c < 8; c++) made->attributes_[8 * look + c] += v[c];
            if (colors_.empty()) continue;
            made->colors_.resize(4 * size_t{looks.count()});
            for (int c = 0; c < 4; c++) made->colors_[4 * look + c] += colors_[4 * i + c];
        }
    }
    made->average(places, members, cell_of);
    for (const Batch& batch : batches_) {
        Batch kept = batch;
        kept.first = static_cast<int32_t>(made->a_.size());
        for (int32_t t = batch.first; t < batch.first + batch.count; t++) {
            const uint32_t a = to[a_[t]], b = to[b_[t]], c = to[c_[t]];
            if (a == NONE || b == NONE || c == NONE) continue;
            if (cell_of[a] == cell_of[b] || cell_of[b] == cell_of[c] || cell_of[c] == cell_of[a]) continue;
            made->a_.push_back(static_cast<int32_t>(a));
            made->b_.push_back(static_cast<int32_t>(b));
            made->c_.push_back(static_cast<int32_t>(c));
            made->batch_of_.push_back(batch_of_[t]);
        }
        kept.count = static_cast<int32_t>(made->a_.size()) - kept.first;
        made->batches_.push_back(kept);
    }
    made->textures_ = textures_;
    made->list_blended();
    made->settle();
    return made.release();
}

// From sums to averages; normals get length 1.
void Object::average(const std::vector<float>& places, const std::vector<float>& members, const std::vector<uint32_t>& cell_of) {
    for (size_t i = 0; i < members.size(); i++) {
        float* v = attributes_.data() + 8 * i;
        const float* place = places.data() + 4 * static_cast<size_t>(cell_of[i]);
        for (int c = 0; c < 3; c++) v[c] = place[c] / place[3];
        x_.push_back(v[0]);
        y_.push_back(v[1]);
        z_.push_back(v[2]);
        const float length = std::sqrt(v[3] * v[3] + v[4] * v[4] + v[5] * v[5]);
        for (int c = 3; c < 6; c++) v[c] = length > 0.0f ? v[c] / length : c == 5 ? 1.0f : 0.0f;
        for (int c = 6; c < 8; c++) v[c] = v[c] / members[i];
        for (int c = 0; c < 4 && !colors_.empty(); c++) colors_[4 * i + c] = colors_[4 * i + c] / members[i];
    }
}

}  // namespace software
