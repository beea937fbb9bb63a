// glTF metallic-roughness under the stage's light. Writes linear colour, premultiplied by alpha.

in vec3 v_position;
in vec3 v_normal;
#ifdef COLORS
in vec4 v_color;
#endif
#ifdef UV
in vec2 v_uv;
#endif
#ifdef SUN_SHADOW
in vec3 v_shadow;
uniform sampler2DShadow shadow_map;
#endif

uniform sampler2D base_color_texture;
uniform sampler2D surface_texture;       // roughness in G, metallic in B
uniform sampler2D normal_texture;
uniform sampler2D occlusion_texture;
uniform sampler2D emissive_texture;

uniform vec4 base_color;
uniform vec2 roughness_metallic;
uniform vec3 emissive;
uniform vec2 normal_occlusion;           // normal scale, occlusion strength
uniform float alpha_cutoff;

uniform vec3 sun_radiance;               // radiance of a white, fully lit Lambertian surface
uniform float environment_lods;

out vec4 fragment;

#ifdef NORMAL_TEXTURE
// The tangent frame from how position and uv change across the screen: dP/du and -dP/dv (v runs down the picture, +Y
// up). The sign of the uv area keeps both right on mirrored uvs, and whichever way up the screen is.
vec3 textured_normal(vec3 n) {
    vec3 dx = dFdx(v_position);
    vec3 dy = dFdy(v_position);
    vec2 uv_dx = dFdx(v_uv);
    vec2 uv_dy = dFdy(v_uv);
    float side = uv_dx.x * uv_dy.y - uv_dy.x * uv_dx.y < 0.0 ? -1.0 : 1.0;
    vec3 tangent = (dx * uv_dy.y - dy * uv_dx.y) * side;
    vec3 bitangent = (dx * uv_dy.x - dy * uv_dx.x) * side;
    tangent -= n * dot(n, tangent);
    bitangent -= n * dot(n, bitangent);
    vec3 t = texture(normal_texture, v_uv).xyz * 2.0 - 1.0;
    t.xy *= normal_occlusion.x;
    float tt = dot(tangent, tangent);
    float bb = dot(bitangent, bitangent);
    if (min(tt, bb) < 1e-30)
        return n;
    return normalize(tangent * (t.x * inversesqrt(tt)) + bitangent * (t.y * inversesqrt(bb)) + n * t.z);
}
#endif

float sun_visibility() {
#ifdef SUN_SHADOW
    return texture(shadow_map, v_shadow);
#else
    return 1.0;
#endif
}

#ifndef UNLIT
vec3 lit(vec3 base) {
    vec3 view = normalize(eye - v_position);
    vec3 n = normalize(v_normal);
#ifdef NORMAL_TEXTURE
    n = textured_normal(n);
#endif
    n = gl_FrontFacing ? n : -n;

    float roughness = roughness_metallic.x;
    float metallic = roughness_metallic.y;
    float occlusion = 1.0;
#ifdef SURFACE_TEXTURE
    vec4 surface = texture(surface_texture, v_uv);
    roughness *= surface.g;
    metallic *= surface.b;
#endif
#if defined(OCCLUSION_IN_SURFACE)
    occlusion = 1.0 + normal_occlusion.y * (surface.r - 1.0);
#elif defined(OCCLUSION_TEXTURE)
    occlusion = 1.0 + normal_occlusion.y * (texture(occlusion_texture, v_uv).r - 1.0);
#endif
    roughness = clamp(roughness, 0.08, 1.0);
    vec3 f0 = mix(vec3(0.04), base, metallic);
    vec3 albedo = base * (1.0 - metallic);

    float taken = near_ground(v_position);
    occlusion *= 1.0 - taken * (0.5 - 0.5 * n.z);
    vec3 mirrored = reflect(-view, n);
#ifdef ROUGH
    vec3 reflected = diffuse_light(mirrored);   // too blurred to be told from it, and cheaper
#else
    vec3 reflected = environment_radiance(mirrored, environment_lods * sqrt(roughness));
#endif
    vec2 reflectance = environment_reflectance(roughness, max(dot(n, view), 0.0));
    vec3 mirror = f0 * reflectance.x + reflectance.y * min(50.0 * f0.g, 1.0);   // nothing real reflects less than 2 %
    vec3 color = albedo * diffuse_light(n) * occlusion
        + reflected * mirror * (occlusion * (1.0 - taken * max(-mirrored.z, 0.0)));
    float n_dot_l = max(dot(n, sun_direction), 0.0);
    color += (albedo + f0 * sun_gloss(n, view, roughness)) * sun_radiance * (n_dot_l * sun_visibility());
    return color;
}
#endif

void main() {
#ifdef COLORS
    vec4 base = v_color;
#else
    vec4 base = base_color;
#endif
#ifdef BASE_COLOR_TEXTURE
    base *= texture(base_color_texture, v_uv);
#endif
#ifdef UNLIT
    vec3 color = base.rgb;
#else
    vec3 color = lit(base.rgb);
#endif
#if defined(UNLIT)
#elif defined(EMISSIVE_TEXTURE)
    color += emissive * texture(emissive_texture, v_uv).rgb;
#else
    color += emissive;
#endif
    // Last, for what is discarded is still needed for its neighbours' derivatives.
#if defined(MASK)
    if (base.a < alpha_cutoff) discard;
    float alpha = 1.0;
#elif defined(BLEND_SOLID)
    if (base.a < 0.996) discard;
    float alpha = 1.0;
#elif defined(BLEND)
    if (base.a >= 0.996 || base.a < 0.004) discard;
    float alpha = base.a;
#else
    float alpha = 1.0;
#endif
#ifndef UNLIT
    color = tone_map(color);
#endif
    fragment = vec4(color * alpha, alpha);
}
