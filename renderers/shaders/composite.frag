// The picture: the object's samples over the stage, or over grey, as sRGB. Which of OBJECT, SKY and GROUND a tile can show
// is known beforehand; see tiles.py.

uniform sampler2D object_color;          // linear, premultiplied, several texels a pixel
uniform vec2 pixels;                     // width and height of the picture
uniform vec4 object_box;                 // pixels that the object can cover: left, top, right, bottom
uniform mat3 ray_from_pixel;
uniform float background_lod;
uniform vec3 eye;

#ifdef GROUND
uniform vec3 sun_radiance;               // of a white ground that the whole sun reaches
uniform vec3 ground_irradiance;          // likewise, of the environment
uniform float ground_height;
uniform vec3 ground_color_0;
uniform vec3 ground_color_1;
uniform mat2 pattern_from_ground;
uniform float pattern_texels;            // texels of the pattern per radius of ground
uniform float pixel_angle;               // radians that a pixel spans
uniform sampler2D ground_pattern;        // R: which of the two colours; G: its brightness over two
uniform vec2 ground_fade;                // begins, ends: distance from the object
uniform vec4 shadow_box;                 // of the shadow texture on the ground: left, bottom, 1/width, 1/height
uniform sampler2D ground_shadow;         // R: how much of the sun, G: of the environment arrives
#endif

out vec4 fragment;

#ifdef GROUND
// A pixel's footprint on the ground is long and narrow. Two samples along it, each as wide as half its length or all
// its width, whichever is more: hardware anisotropy costs a software renderer five times as much.
vec2 ground_texture(vec2 place, vec2 along, float width, float fall) {
    float size = max(0.5 * width / fall, width);
    float lod = log2(size * pattern_texels);
    vec2 middle = pattern_from_ground * place;
    vec2 apart = pattern_from_ground * along * (0.25 * width / fall);
    return 0.5 * (textureLod(ground_pattern, middle - apart, lod).rg + textureLod(ground_pattern, middle + apart, lod).rg);
}
#endif

// sRGB's curve (IEC 61966-2-1) through square roots, which cost a fifth of powers: least squares over its upper part,
// and off by less than a tenth of an 8-bit step.
vec3 srgb(vec3 linear) {
    vec3 r2 = sqrt(linear);
    vec3 r4 = sqrt(r2);
    vec3 r8 = sqrt(r4);
    return mix(0.65400719 * r2 + 0.6886626 * r4 - 0.31843159 * r8 - 0.02019218 * linear - 0.00407744, 12.92 * linear, lessThan(linear, vec3(0.0031308)));
}

#if defined(SKY) || defined(GROUND)
vec3 stage_color(vec2 pixel) {
    vec3 ray = normalize(ray_from_pixel * vec3(pixel, 1.0));
    vec3 color = vec3(0.0);
    float fade = 1.0;                    // of the ground into the background
#ifdef GROUND
    float fall = min(ray.z, -1e-3);
    vec2 place = eye.xy + ray.xy * ((ground_height - eye.z) / fall);
    float width = pixel_angle * (ground_height - eye.z) / fall;
    vec2 pattern = ground_texture(place, normalize(ray.xy + 1e-6), width, -fall);
    vec2 arrives = textureLod(ground_shadow, (place - shadow_box.xy) * shadow_box.zw, 0.0).rg;
    vec3 albedo = mix(ground_color_0, ground_color_1, pattern.r) * (2.0 * pattern.g);
    bool below = ray.z < -1e-3 && eye.z > ground_height;
    fade = below ? smoothstep(ground_fade.x, ground_fade.y, length(place)) : 1.0;
    color = albedo * (sun_radiance * arrives.r + ground_irradiance * arrives.g) * (1.0 - fade);
#endif
#ifdef SKY
    color += environment_radiance(ray, background_lod) * fade;
#endif
    return tone_map(color);
}
#endif

void main() {
    vec2 pixel = gl_FragCoord.xy;
    vec4 front = vec4(0.0);
#ifdef OBJECT
    if (all(greaterThan(pixel, object_box.xy)) && all(lessThan(pixel, object_box.zw)))
        front = textureLod(object_color, pixel / pixels, 0.0);
#endif
#if defined(SKY) || defined(GROUND)
    vec3 color = front.rgb + (1.0 - front.a) * stage_color(pixel);
    // A fixed grain of half a step hides the steps of soft gradients: J. Jimenez, "Interleaved gradient noise", 2014.
    float grain = fract(52.9829189 * fract(dot(pixel, vec2(0.06711056, 0.00583715)))) - 0.5;
    fragment = vec4(srgb(color) + grain / 255.0, 1.0);
#else
    const vec3 grey = vec3(0.21586);     // 128 of 255 in sRGB
    fragment = vec4(srgb(front.rgb + (1.0 - front.a) * grey), 1.0);
#endif
}
