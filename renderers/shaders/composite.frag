// The picture: the object's samples over the stage or over grey, as sRGB. tiles.py determines which of OBJECT, SKY, GROUND
// and SHADOW a tile can show, and whether anything in it is BRIGHT.

#ifdef OBJECT
uniform sampler2D object_color;          // linear, premultiplied, several texels a pixel
uniform vec2 pixels;                     // width and height of the picture
#endif

#ifdef SKY
in vec3 v_background;
#endif

#ifdef GROUND
uniform vec3 eye;
uniform float ground_height;
uniform vec3 ground_color_0;
uniform vec3 ground_color_1;
uniform mat2 pattern_from_ground;
uniform sampler2D ground_pattern;        // R: which of the two colours; G: its brightness over two
uniform vec3 sun_radiance;               // of a white ground that the whole sun reaches
uniform vec3 ground_irradiance;          // likewise, of the environment
uniform vec2 ground_fade;                // begins, ends: distance from the object
uniform vec4 shadow_box;                 // of the shadow texture on the ground: left, bottom, 1/width, 1/height
uniform sampler2D ground_shadow;         // R: how much of the sun, G: of the environment arrives
in vec3 v_ray;
in vec3 v_footprint;

vec2 pattern_at(vec2 place) {
    vec2 middle = pattern_from_ground * place;
    // Two mip levels are mixed only about half way between them: reading both everywhere costs twice as much.
    float level = floor(v_footprint.z);
    float lod = level + clamp((v_footprint.z - level - 0.3) * 2.5, 0.0, 1.0);
    return 0.5 * (textureLod(ground_pattern, middle - v_footprint.xy, lod).rg
        + textureLod(ground_pattern, middle + v_footprint.xy, lod).rg);
}

vec3 ground_radiance(vec2 place) {
    vec2 pattern = pattern_at(place);
    vec3 albedo = mix(ground_color_0, ground_color_1, pattern.r) * (2.0 * pattern.g);
#ifdef SHADOW
    vec2 arrives = textureLod(ground_shadow, (place - shadow_box.xy) * shadow_box.zw, 0.0).rg;
    return albedo * (sun_radiance * arrives.r + ground_irradiance * arrives.g);
#else
    return albedo * (sun_radiance + ground_irradiance);
#endif
}
#endif

#if defined(SKY) || defined(GROUND)
vec3 stage_color() {
#ifdef GROUND
    float fall = min(v_ray.z, -1e-3);
    vec2 place = eye.xy + v_ray.xy * ((ground_height - eye.z) / fall);
    vec3 color = ground_radiance(place);
#ifdef SKY
    float far = v_ray.z < -1e-3 ? smoothstep(ground_fade.x, ground_fade.y, length(place)) : 1.0;
    color = mix(color, v_background, far);
#endif
#else
    vec3 color = v_background;
#endif
#ifdef BRIGHT
    color = tone_map(color);
#endif
    return color;
}
#endif

// sRGB's curve (IEC 61966-2-1) through square roots, which cost a fifth of powers: nearly the best such fit to its upper
// part, and off by less than a thirtieth of an 8-bit step.
vec3 srgb(vec3 linear) {
    vec3 r2 = sqrt(linear);
    vec3 r4 = sqrt(r2);
    vec3 upper = r2 * (1.13596053 - 0.35111964 * r4) + 0.19155221 * r4 + 0.0876979 * linear - 0.06405985;
    return mix(upper, 12.92 * linear, lessThan(linear, vec3(0.0031308)));
}

out vec4 fragment;

void main() {
#ifdef OBJECT
    vec4 front = textureLod(object_color, gl_FragCoord.xy / pixels, 0.0);
#else
    const vec4 front = vec4(0.0);
#endif
#if defined(SKY) || defined(GROUND)
    vec3 color = front.rgb + (1.0 - front.a) * stage_color();
    // A fixed grain of half a step hides the steps of soft gradients: J. Jimenez, "Interleaved gradient noise", 2014.
    float grain = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715)))) - 0.5;
    fragment = vec4(srgb(color) + grain / 255.0, 1.0);
#else
    const vec3 grey = vec3(0.21586);     // 128 of 255 in sRGB
    fragment = vec4(srgb(front.rgb + (1.0 - front.a) * grey), 1.0);
#endif
}
