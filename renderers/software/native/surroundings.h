// Light and stage as the passes read them: the environment with its mip levels, the maps of shadows, the ground's pattern.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "scene.h"
#include "textures.h"

namespace software {

// A tileable ground pattern with mip levels, of bytes (size, size, 2); size is a power of two.
struct Pattern {
    Pattern(const uint8_t* texels, int32_t size);
    std::vector<int32_t> words;
    Levels levels;
};

// Everything around an object. Owns what ``light`` and ``stage`` point to.
class Surroundings {
  public:
    Surroundings(const float* environment, int32_t height, int32_t width);
    Surroundings(const Surroundings&) = delete;
    Surroundings& operator=(const Surroundings&) = delete;
    void set_sun_map(const float* heights, int32_t size, const float* matrix, float offset);
    void set_ground(const Ground& ground, std::shared_ptr<const Pattern> pattern, const uint8_t* shadow, int32_t size);

    Light light{};
    Stage stage{};

  private:
    Levels environment_;
    std::vector<float> sun_map_;
    std::vector<int32_t> shadow_;
    std::shared_ptr<const Pattern> pattern_;
};

}  // namespace software
