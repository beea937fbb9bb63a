// What the passes read and write, as plain data: shared by all builds of the kernel and by the code around them.
// Frames: the unit frame is the world moved and scaled so that the object fills the unit ball (+Z up); the camera's axes
// are OpenCV's (+X right, +Y down, +Z forward). Pixel coordinates count from the picture's top left corner.
#pragma once
#include <cstddef>
#include <cstdint>

namespace software {

constexpr int MAX_LEVELS = 16;
constexpr int CHUNK_ROWS = 8;       // rows of a picture that are shaded at a time
constexpr int BLOCK = 16;           // triangles whose rows are known together
constexpr int SAMPLES = 4;          // of each pixel, in the middles of its quarters
constexpr int SKY_CELL = 8;         // pixels between the places where the background is looked up
constexpr float BACKGROUND = 0.21586f;  // linear, of a picture without a stage: 128 of 255 in sRGB
constexpr int DENSE_TRIANGLES = 200000;  // of a mesh with more, a surface in a pixel is shaded once: see dense.h and coarse.cpp
constexpr int PADDING = 16;         // elements beyond the end of every buffer that lanes may touch

enum Wrap : int32_t { REPEAT = 0, CLAMP = 1, MIRROR = 2 };
enum AlphaMode : int32_t { SOLID = 0, MASKED = 1, BLENDED = 2 };

// A picture with mip levels. Colour is stored as the square root of light, 11, 11 and 10 bits of it; data as four bytes.
struct Texture {
    const int32_t* texels = nullptr;
    const uint8_t* alpha = nullptr;  // a byte a texel; null where all are opaque
    int32_t levels = 0;              // 0: there is no texture
    int32_t wrap_u = REPEAT, wrap_v = REPEAT;
    int32_t offset[MAX_LEVELS] = {}, width[MAX_LEVELS] = {}, height[MAX_LEVELS] = {};
};

struct Material {
    float base_color[4];  // of every vertex, where ``colored`` is 0
    int32_t colored;      // 1: colours lie at the vertices, base colour factor included
    float metallic, roughness, normal_scale, occlusion_strength;
    float emissive[3];
    int32_t alpha_mode;
    float alpha_cutoff;
    int32_t unlit;
    int32_t occlusion_in_surface;  // 1: occlusion is R of the roughness and metallic texture
    Texture base, surface, normal, occlusion, emission;
};

// Triangles first .. first + count share a material.
struct Batch {
    int32_t first, count;
    Material material;
};

struct Mesh {
    int32_t vertex_count, triangle_count, batch_count;
    const float *x, *y, *z;        // vertices in the unit frame
    const float* attributes;       // 8 a vertex: position, normal, texture coordinates
    const float* colors;           // 4 a vertex, or null
    const int32_t *a, *b, *c;      // corners of triangles, counter-clockwise seen from outside
    const Batch* batches;
    const int32_t* batch_of;       // by triangle
};

// To the picture: screen = projection of a vertex; depth is 1 / distance for a camera, and the height for a map.
struct Projection {
    float matrix[12];  // rows: to the camera's axes, or to texels and height
    float focal[2], center[2];
    float near;        // least distance that is drawn; 0 for a map
    int32_t perspective;
    int32_t width, height;
};

struct Eye {
    float position[3];   // unit frame
    float right[3], down[3], forward[3];  // right and down over the focal lengths: a ray through a pixel is their sum
    float center[2];
    float pixel_angle;   // radians that a pixel spans
};

struct Environment {
    const float* texels;  // RGB, levels one after another
    int32_t levels;
    int32_t offset[MAX_LEVELS], width[MAX_LEVELS], height[MAX_LEVELS];
};

struct Light {
    Environment environment;
    float irradiance[27];      // 9 x RGB, see stage.py
    float sun_direction[3], sun_radiance[3];
    float ground_height, ground_darkens;
    float environment_lods;
    const float* sun_map;      // (n, n) greatest height over the ground, 0 to 1; null: nothing shades itself
    int32_t sun_map_size;
    float sun_map_matrix[12];  // unit frame to texels and height
    float sun_map_offset;      // radii by which a surface is lifted before it is looked up
};

struct Ground {
    int32_t there;
    float height;
    float color_0[3], color_1[3];
    float pattern_matrix[4], pattern_texels;
    const int32_t* pattern;     // a word holds the two channels of a texel and of its right neighbour
    int32_t pattern_levels, pattern_offset[MAX_LEVELS], pattern_width[MAX_LEVELS];
    float sun_radiance[3], irradiance[3];
    float fade[2];
    const int32_t* shadow;      // likewise
    int32_t shadow_size;
    float shaded[4];            // texels: left, top, right, bottom of what has any shadow, all included
    float shadow_box[4];        // left, bottom, 1 / width, 1 / height
};

struct Stage {
    int32_t there;
    float background_lod;
    Ground ground;
};

// A fragment is what one surface shows in one pixel.
struct Fragments {
    int32_t *pixel, *triangle, *order;  // pixel counts from the first row of the chunk
    float *x, *y, *weight;              // where it is shaded, and how much of the pixel it fills
    float *r, *g, *b;                   // as shaded
    int32_t count;
};

struct Rows {
    int32_t top, bottom;  // both included
};

struct Bounds {
    int32_t x0, y0, x1, y1;  // pixels; x1 and y1 excluded
};

// One picture in the making. Several threads share it, each with its own rows and its own scratch.
struct Picture {
    const Mesh* mesh;
    Projection projection;
    Eye eye;
    const Light* light;
    const Stage* stage;
    Bounds bounds;              // of the object; x in whole groups of lanes
    int32_t stride;             // pixels from row to row of the samples
    // From the transform pass: by vertex.
    float *screen_x, *screen_y, *inverse_depth;  // negative inverse depth: nearer than the near plane
    Rows* rows_of_block;        // from the blocks pass: by block of triangles; null: unknown
    // From the raster pass: by sample, (height, width, samples).
    float* depth;               // inverse; 0 where nothing is
    int32_t* surface;           // triangle, or -1
    unsigned long long* keys;   // on a GPU, which writes the two from them: bits of the inverse depth, and the triangle inverted
    // From the blend pass, where the mesh has blended parts; else null. By sample: light, and what passes through.
    float* veil;                // (height, width, samples, 4)
    // Made by the sky pass.
    float* sky;                 // (rows, columns, 3) at the corners of cells
    int32_t sky_columns;
    uint8_t* rgb;               // (height, width, 3)
};

struct Scratch {
    Fragments fragments;
    float *red, *green, *blue, *cover;  // (CHUNK_ROWS, width), linear, premultiplied
    float *sky_row;                     // 3 x sky columns
    int32_t* counts;                    // by batch
};

// What is written into the depth of a raster pass.
enum Cut : int32_t {
    CUT_COLOR = 0,  // masked parts by their cutoff, blended ones only where they are solid
    CUT_DEPTH = 1,  // blended parts count from BLEND_CUTOFF on
};
constexpr float BLEND_CUTOFF = 0.05f;
constexpr float SOLID_FROM = 0.996f, NOTHING_BELOW = 0.004f;

// The passes of one build.
struct Kernel {
    const char* name;
    int32_t lanes;
    void (*transform)(const Picture&, int32_t first, int32_t last);
    void (*blocks)(const Picture&);
    void (*raster)(const Picture&, int32_t samples, int32_t cut, int32_t y0, int32_t y1);
    void (*blend)(const Picture&, const Scratch&, const int32_t* order, int32_t count, int32_t y0, int32_t y1);
    void (*depth)(const Picture&, int32_t samples, float unit, float* out, int32_t y0, int32_t y1);
    void (*sky)(const Picture&);
    void (*finish)(const Picture&, const Scratch&, int32_t y0, int32_t y1);
};

}  // namespace software
