// A vertex of the object, in the unit frame (world axes, radii).

uniform mat4 clip_from_unit;

in vec3 in_position;
in vec3 in_normal;
in vec2 in_uv;

out vec3 v_position;
out vec3 v_normal;
#ifdef COLORS
in vec4 in_color;
out vec4 v_color;
#endif
#ifdef UV
out vec2 v_uv;
#endif
#ifdef SUN_SHADOW
uniform vec3 sun_direction;
uniform mat4 shadow_from_unit;
uniform float shadow_offset;
out vec3 v_shadow;
#endif

void main() {
    v_position = in_position;
    v_normal = in_normal;
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
