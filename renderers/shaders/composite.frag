// The picture: the object's samples over the stage, or over grey, as sRGB. STAGE: there is one; GROUND: it has a ground.

uniform sampler2D object_color;          // linear, premultiplied, several texels a pixel
uniform vec2 pixels;                     // width and height of the picture
in vec2 v_pixel;
out vec4 fragment;

#ifdef STAGE
uniform mat3 ray_from_pixel;
uniform float background_lod;

#ifdef GROUND
uniform vec3 eye;
uniform float ground_height;
uniform vec3 ground_color_0;
uniform vec3 ground_color_1;
uniform mat2 pattern_from_ground;
uniform float pattern_texels;            // texels of the pattern per radius of ground
uniform float pixel_angle;               // radians that a pixel spans
uniform sampler2D ground_pattern;        // R: which of the two colours; G: its brightness over two
uniform vec3 sun_radiance;               // of a white ground that the whole sun reaches
uniform vec3 ground_irradiance;          // likewise, of the environment
uniform vec2 ground_fade;                // begins, ends: distance from the object
uniform vec4 shadow_box;                 // of the shadow texture on the ground: left, bottom, 1/width, 1/height
uniform sampler2D ground_shadow;         // R: how much of the sun, G: of the environment arrives

// A pixel's footprint on the ground is long and narrow. Two samples along it, each as wide as half its length or all its
// width, whichever is more.
vec2 pattern_at(vec2 place, vec3 ray) {
    float fall = max(-ray.z, 1e-3);
    float width = pixel_angle * (eye.z - ground_height) / fall;
    float size = max(0.5 * width / fall, width);
    vec2 apart = pattern_from_ground * normalize(ray.xy + 1e-6) * (0.25 * width / fall);
    vec2 middle = pattern_from_ground * place;
    // Two mip levels are mixed only about half way between them, as the software renderer does.
    float wanted = log2(size * pattern_texels);
    float level = floor(wanted);
    float lod = level + clamp((wanted - level - 0.3) * 2.5, 0.0, 1.0);
    return 0.5 * (textureLod(ground_pattern, middle - apart, lod).rg + textureLod(ground_pattern, middle + apart, lod).rg);
}

vec3 ground_radiance(vec2 place, vec3 ray) {
    vec2 pattern = pattern_at(place, ray);
    vec3 albedo = mix(ground_color_0, ground_color_1, pattern.r) * (2.0 * pattern.g);
    vec2 arrives = textureLod(ground_shadow, (place - shadow_box.xy) * shadow_box.zw, 0.0).rg;
    return albedo * (sun_radiance * arrives.r + ground_irradiance * arrives.g);
}
#endif

vec3 stage_color() {
    vec3 along = ray_from_pixel * vec3(v_pixel, 1.0);
    vec3 ray = normalize(along);
    vec3 color = environment_radiance(ray, background_lod);
#ifdef GROUND
    float fall = min(along.z, -1e-3);
    vec2 place = eye.xy + along.xy * ((ground_height - eye.z) / fall);
    float far = along.z < -1e-3 ? smoothstep(ground_fade.x, ground_fade.y, length(place)) : 1.0;
    color = mix(ground_radiance(place, ray), color, far);
#endif
    return tone_map(color);
}
#endif

// sRGB's curve (IEC 61966-2-1) through square roots: off by less than a thirtieth of an 8-bit step.
vec3 srgb(vec3 linear) {
    vec3 r2 = sqrt(linear);
    vec3 r4 = sqrt(r2);
    vec3 upper = r2 * (1.13596053 - 0.35111964 * r4) + 0.19155221 * r4 + 0.0876979 * linear - 0.06405985;
    return mix(upper, 12.92 * linear, lessThan(linear, vec3(0.0031308)));
}

void main() {
    vec4 front = textureLod(object_color, gl_FragCoord.xy / pixels, 0.0);
#ifdef STAGE
    vec3 color = front.rgb + (1.0 - front.a) * stage_color();
    // A fixed grain of half a step hides the steps of soft gradients: J. Jimenez, "Interleaved gradient noise", 2014.
    float grain = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715)))) - 0.5;
    fragment = vec4(srgb(color) + grain / 255.0, 1.0);
#else
    const vec3 grey = vec3(0.21586);     // 128 of 255 in sRGB
    fragment = vec4(srgb(front.rgb + (1.0 - front.a) * grey), 1.0);
#endif
}
