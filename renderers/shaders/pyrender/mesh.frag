#version 330 core
// The pyrender backend's surface. pyrender's own shader blends masked surfaces, leaves back faces dark, squares the
// emissive factor and lights vertex colours after the fact; this one does as surface.frag does, with plainer light.

struct Light {
    vec3 color;
    float intensity;
    vec3 direction;
};

struct Material {
    vec3 emissive_factor;
    float metallic_factor;
    float roughness_factor;
#ifdef HAS_BASE_COLOR_TEX
    sampler2D base_color_texture;
#endif
#ifdef HAS_METALLIC_ROUGHNESS_TEX
    sampler2D metallic_roughness_texture;
#endif
#ifdef HAS_NORMAL_TEX
    sampler2D normal_texture;
#endif
#ifdef HAS_OCCLUSION_TEX
    sampler2D occlusion_texture;
#endif
#ifdef HAS_EMISSIVE_TEX
    sampler2D emissive_texture;
#endif
};

uniform Material material;
uniform Light directional_lights[MAX_DIRECTIONAL_LIGHTS];
uniform int n_directional_lights;
uniform vec3 ambient_light;
uniform vec3 cam_pos;

in vec3 v_position;
in vec3 v_normal;
in vec2 v_uv;
in vec2 v_alpha;
in vec4 v_color;

out vec4 frag_color;

vec3 linear_from_srgb(vec3 s) {
    return mix(pow((s + 0.055) / 1.055, vec3(2.4)), s / 12.92, lessThanEqual(s, vec3(0.04045)));
}

vec3 srgb_from_linear(vec3 c) {
    return mix(1.055 * pow(c, vec3(1.0 / 2.4)) - 0.055, 12.92 * c, lessThanEqual(c, vec3(0.0031308)));
}

vec3 tone_map(vec3 radiance) {
    vec3 over = max(radiance - 0.8, 0.0);
    return min(radiance, 0.8) + over / (1.0 + 5.0 * over);
}

// pyrender stores pictures upside down, so that here v runs up the picture and +Y is dP/dv.
vec3 shading_normal() {
    vec3 n = normalize(v_normal);
#ifdef HAS_NORMAL_TEX
    vec3 dx = dFdx(v_position);
    vec3 dy = dFdy(v_position);
    vec2 uv_dx = dFdx(v_uv);
    vec2 uv_dy = dFdy(v_uv);
    float side = uv_dx.x * uv_dy.y - uv_dy.x * uv_dx.y < 0.0 ? -1.0 : 1.0;
    vec3 tangent = (dx * uv_dy.y - dy * uv_dx.y) * side;
    vec3 bitangent = (dy * uv_dx.x - dx * uv_dy.x) * side;
    tangent -= n * dot(n, tangent);
    bitangent -= n * dot(n, bitangent);
    if (min(dot(tangent, tangent), dot(bitangent, bitangent)) > 1e-30) {
        vec3 t = texture(material.normal_texture, v_uv).xyz * 2.0 - 1.0;
        n = normalize(normalize(tangent) * t.x + normalize(bitangent) * t.y + n * t.z);
    }
#endif
    return gl_FrontFacing ? n : -n;
}

// The environment, as a brighter sky over a darker floor.
vec3 ambient(vec3 direction) {
    return ambient_light * (1.0 + 0.35 * direction.z);
}

void main() {
    vec4 base = v_color;
#ifdef HAS_BASE_COLOR_TEX
    vec4 texel = texture(material.base_color_texture, v_uv);
    base *= vec4(linear_from_srgb(texel.rgb), texel.a);
#endif
    vec3 n = shading_normal();
    if (base.a < v_alpha.x) discard;
    if (v_alpha.y > 1.5) {      // unlit; see _UNLIT in pyrender.py
        frag_color = vec4(srgb_from_linear(base.rgb), max(base.a, v_alpha.y - 2.0));
        return;
    }
    float roughness = material.roughness_factor;
    float metallic = material.metallic_factor;
#ifdef HAS_METALLIC_ROUGHNESS_TEX
    vec2 surface = texture(material.metallic_roughness_texture, v_uv).gb;
    roughness *= surface.x;
    metallic *= surface.y;
#endif
    roughness = clamp(roughness, 0.08, 1.0);
    float occlusion = 1.0;
#ifdef HAS_OCCLUSION_TEX
    occlusion = texture(material.occlusion_texture, v_uv).r;
#endif
    vec3 view = normalize(cam_pos - v_position);
    vec3 f0 = mix(vec3(0.04), base.rgb, metallic);
    vec3 albedo = base.rgb * (1.0 - metallic);
    vec3 color = occlusion * (albedo * ambient(n) + f0 * ambient(reflect(-view, n)));
    for (int i = 0; i < n_directional_lights; i++) {
        vec3 l = -directional_lights[i].direction;
        vec3 h = normalize(view + l);
        float n_dot_l = max(dot(n, l), 0.0);
        float a2 = roughness * roughness * roughness * roughness;
        float n_dot_h = max(dot(n, h), 0.0);
        float d = n_dot_h * n_dot_h * (a2 - 1.0) + 1.0;
        float gloss = min(a2 / (4.0 * d * d * (roughness + 0.5)), 8.0);
        color += (albedo + f0 * gloss) * directional_lights[i].color * (directional_lights[i].intensity * n_dot_l);
    }
    vec3 emitted = material.emissive_factor;
#ifdef HAS_EMISSIVE_TEX
    emitted *= linear_from_srgb(texture(material.emissive_texture, v_uv).rgb);
#endif
    frag_color = vec4(srgb_from_linear(tone_map(color + emitted)), max(base.a, v_alpha.y));
}
