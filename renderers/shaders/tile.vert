// A corner of a tile of the picture, with values that are smooth enough to be computed only at corners.

uniform vec2 pixels;                     // width and height of the picture

in vec2 in_place;                        // 0 to 1 over the picture, from its top left

#if defined(SKY) || defined(GROUND)
uniform mat3 ray_from_pixel;
uniform vec3 eye;
#endif

#ifdef SKY
uniform float background_lod;
out vec3 v_background;
#endif

#ifdef GROUND
uniform float ground_height;
uniform mat2 pattern_from_ground;
uniform float pattern_texels;            // texels of the pattern per radius of ground
uniform float pixel_angle;               // radians that a pixel spans
out vec3 v_ray;
out vec3 v_footprint;                    // of a pixel, on the pattern: half of its half length, and its mip level
#endif

void main() {
#if defined(SKY) || defined(GROUND)
    vec3 along = ray_from_pixel * vec3(in_place * pixels, 1.0);
    vec3 ray = normalize(along);
#endif
#ifdef SKY
    v_background = environment_radiance(ray, background_lod);
#endif
#ifdef GROUND
    // A pixel's footprint on the ground is long and narrow. Two samples along it, each as wide as half its length or
    // all its width, whichever is more: hardware anisotropy costs a software renderer five times as much.
    float fall = max(-ray.z, 1e-3);
    float width = pixel_angle * (eye.z - ground_height) / fall;
    float size = max(0.5 * width / fall, width);
    v_footprint = vec3(pattern_from_ground * normalize(ray.xy + 1e-6) * (0.25 * width / fall), log2(size * pattern_texels));
    v_ray = along;
#endif
    gl_Position = vec4(in_place * 2.0 - 1.0, 0.0, 1.0);
}
