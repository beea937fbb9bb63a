// A vertex of the object, in the unit frame (world axes, radii). Where triangles are FINE, its light as well.

uniform mat4 clip_from_unit;

in vec3 in_position;
in vec3 in_normal;
in vec2 in_uv;

#ifdef FINE
uniform vec2 roughness_metallic;
uniform float side;                      // 1 where the outer sides of triangles are drawn, -1 for the inner ones
out vec3 v_diffuse;                      // light on a white surface, without the sun
out vec3 v_reflected;
out vec2 v_sun;                          // of the sun's: how much falls on the surface, and how much it reflects
#else
out vec3 v_position;
out vec3 v_normal;
#endif
#ifdef COLORS
in vec4 in_color;
out vec4 v_color;
#endif
#ifdef UV
out vec2 v_uv;
#endif
#ifdef SUN_SHADOW
uniform mat4 shadow_from_unit;
uniform float shadow_offset;
out vec3 v_shadow;
#endif

#ifdef FINE
void light(vec3 n) {
    vec3 view = normalize(eye - in_position);
    vec3 mirrored = reflect(-view, n);
    float roughness = max(roughness_metallic.x, 0.08);
    float taken = near_ground(in_position);
    float open = 1.0 - taken * (0.5 - 0.5 * n.z);
    vec2 reflectance = environment_reflectance(roughness, max(dot(n, view), 0.0));
    v_diffuse = diffuse_light(n) * open;
    v_reflected = diffuse_light(mirrored) * ((0.04 * reflectance.x + reflectance.y) * open * (1.0 - taken * max(-mirrored.z, 0.0)));
    float facing = max(dot(n, sun_direction), 0.0);
    v_sun = vec2(facing, 0.04 * facing * sun_gloss(n, view, roughness));
}
#endif

void main() {
#ifdef FINE
    light(normalize(in_normal) * side);
#else
    v_position = in_position;
    v_normal = in_normal;
#endif
#ifdef COLORS
    v_color = in_color;
#endif
#ifdef UV
    v_uv = in_uv;
#endif
#ifdef SUN_SHADOW
    // Moved off the surface, towards the sun, by about a texel: a surface must not shade itself.
    float towards_sun = dot(in_normal, sun_direction);
    vec3 lifted = in_position + in_normal * (towards_sun < 0.0 ? -shadow_offset : shadow_offset);
    v_shadow = (shadow_from_unit * vec4(lifted, 1.0)).xyz;
#endif
    gl_Position = clip_from_unit * vec4(in_position, 1.0);
}
