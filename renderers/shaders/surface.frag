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

uniform vec3 eye;
uniform vec3 sun_direction;
uniform vec3 sun_radiance;               // radiance of a white, fully lit Lambertian surface
uniform vec3 irradiance[9];              // likewise, as a polynomial in the normal; see stage.py
uniform float environment_lods;
uniform vec2 ground;                     // its height, and how much it darkens what is near; (., 0) without one

out vec4 fragment;

// Split-sum reflectance of a rough dielectric or metal: B. Karis, "Physically Based Shading on Mobile", 2014.
vec3 environment_reflectance(vec3 f0, float roughness, float n_dot_v) {
    const vec4 c0 = vec4(-1.0, -0.0275, -0.572, 0.022);
    const vec4 c1 = vec4(1.0, 0.0425, 1.04, -0.04);
    vec4 r = roughness * c0 + c1;
    float a = min(r.x * r.x, exp2(-9.28 * n_dot_v)) * r.x + r.y;
    vec2 scale_bias = vec2(-1.04, 1.04) * a + r.zw;
    return f0 * scale_bias.x + scale_bias.y * min(50.0 * f0.g, 1.0);   // nothing real reflects less than 2 %
}

vec3 diffuse_light(vec3 n) {
    vec3 light = irradiance[0] + irradiance[1] * n.y + irradiance[2] * n.z + irradiance[3] * n.x
        + irradiance[4] * (n.x * n.y) + irradiance[5] * (n.y * n.z) + irradiance[6] * (3.0 * n.z * n.z - 1.0)
        + irradiance[7] * (n.x * n.z) + irradiance[8] * (n.x * n.x - n.y * n.y);
    return max(light, 0.0);
}

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

void main() {
#ifdef COLORS
    vec4 base = v_color;
#else
    vec4 base = base_color;
#endif
#ifdef BASE_COLOR_TEXTURE
    base *= texture(base_color_texture, v_uv);
#endif
    vec3 view = normalize(eye - v_position);
    vec3 n = normalize(v_normal);
#ifdef NORMAL_TEXTURE
    n = textured_normal(n);
#endif
    n = gl_FrontFacing ? n : -n;

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
    vec3 f0 = mix(vec3(0.04), base.rgb, metallic);
    vec3 albedo = base.rgb * (1.0 - metallic);

    float n_dot_v = max(dot(n, view), 0.0);
    float near_ground = ground.y * exp2(-4.0 * max(v_position.z - ground.x, 0.0));
    occlusion *= 1.0 - near_ground * (0.5 - 0.5 * n.z);
    vec3 mirrored = reflect(-view, n);
#ifdef ROUGH
    vec3 reflected = diffuse_light(mirrored);   // too blurred to be told from it, and cheaper
#else
    vec3 reflected = environment_radiance(mirrored, environment_lods * sqrt(roughness));
#endif
    float reflected_occlusion = occlusion * (1.0 - near_ground * max(-mirrored.z, 0.0));
    vec3 color = albedo * diffuse_light(n) * occlusion
        + reflected * environment_reflectance(f0, roughness, n_dot_v) * reflected_occlusion;

    float n_dot_l = dot(n, sun_direction);
    if (n_dot_l > 0.0) {
        // GGX with the visibility and Fresnel terms folded into one: "Optimizing PBR for Mobile", ARM, SIGGRAPH 2015.
        vec3 halfway = normalize(view + sun_direction);
        float n_dot_h = max(dot(n, halfway), 0.0);
        float l_dot_h = max(dot(sun_direction, halfway), 0.1);
        float a2 = roughness * roughness;
        a2 *= a2;
        float d = n_dot_h * n_dot_h * (a2 - 1.0) + 1.0;
        float gloss = min(a2 / (4.0 * d * d * l_dot_h * l_dot_h * (roughness + 0.5)), 8.0);
        color += (albedo + f0 * gloss) * sun_radiance * (n_dot_l * sun_visibility());
    }
#ifdef EMISSIVE_TEXTURE
    color += emissive * texture(emissive_texture, v_uv).rgb;
#else
    color += emissive;
#endif
    fragment = vec4(tone_map(color) * alpha, alpha);
}
