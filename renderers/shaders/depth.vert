// A vertex of the object where only its depth matters.

uniform mat4 clip_from_unit;

in vec3 in_position;
#ifdef CUTOUT
in vec2 in_uv;
in vec4 in_color;
out vec2 v_uv;
out float v_alpha;
#endif

void main() {
#ifdef CUTOUT
    v_uv = in_uv;
    v_alpha = in_color.a;
#endif
    gl_Position = clip_from_unit * vec4(in_position, 1.0);
}
