#version 330 core
// A vertex of the pyrender backend. Locations and names are those that pyrender fills in.

layout(location = 0) in vec3 position;
layout(location = NORMAL_LOC) in vec3 normal;
layout(location = TEXCOORD_0_LOC) in vec2 texcoord_0;
layout(location = TEXCOORD_1_LOC) in vec2 texcoord_1;   // alpha cutoff; 1 where what is left is solid
layout(location = COLOR_0_LOC) in vec4 color_0;
layout(location = INST_M_LOC) in mat4 instance;

uniform mat4 M;
uniform mat4 V;
uniform mat4 P;

out vec3 v_position;
out vec3 v_normal;
out vec2 v_uv;
out vec2 v_alpha;
out vec4 v_color;

void main() {
    vec4 world = M * instance * vec4(position, 1.0);
    v_position = world.xyz;
    v_normal = normal;
    v_uv = texcoord_0;
    v_alpha = texcoord_1;
    v_color = color_0;
    gl_Position = P * V * world;
}
