// How a surface answers the stage's light, but for textures and the sun's shadow.

uniform vec3 eye;
uniform vec3 sun_direction;
uniform vec3 irradiance[9];              // of a white Lambertian surface, as a polynomial in the normal; see stage.py
uniform vec2 ground;                     // its height, and how much it darkens what is near; (., 0) without one

vec3 diffuse_light(vec3 n) {
    vec3 light = irradiance[0] + irradiance[1] * n.y + irradiance[2] * n.z + irradiance[3] * n.x
        + irradiance[4] * (n.x * n.y) + irradiance[5] * (n.y * n.z) + irradiance[6] * (3.0 * n.z * n.z - 1.0)
        + irradiance[7] * (n.x * n.z) + irradiance[8] * (n.x * n.x - n.y * n.y);
    return max(light, 0.0);
}

// Split-sum reflectance of a rough dielectric or metal, as factor and offset of its colour seen head on: B. Karis,
// "Physically Based Shading on Mobile", 2014.
vec2 environment_reflectance(float roughness, float n_dot_v) {
    const vec4 c0 = vec4(-1.0, -0.0275, -0.572, 0.022);
    const vec4 c1 = vec4(1.0, 0.0425, 1.04, -0.04);
    vec4 r = roughness * c0 + c1;
    float a = min(r.x * r.x, exp2(-9.28 * n_dot_v)) * r.x + r.y;
    return vec2(-1.04, 1.04) * a + r.zw;
}

// Share of the light from below that the ground blocks.
float near_ground(vec3 position) {
    return ground.y * exp2(-4.0 * max(position.z - ground.x, 0.0));
}

// GGX with the visibility and Fresnel terms folded into one: "Optimizing PBR for Mobile", ARM, SIGGRAPH 2015.
float sun_gloss(vec3 n, vec3 view, float roughness) {
    vec3 halfway = normalize(view + sun_direction);
    float n_dot_h = max(dot(n, halfway), 0.0);
    float l_dot_h = max(dot(sun_direction, halfway), 0.1);
    float a2 = roughness * roughness;
    a2 *= a2;
    float d = n_dot_h * n_dot_h * (a2 - 1.0) + 1.0;
    return min(a2 / (4.0 * d * d * l_dot_h * l_dot_h * (roughness + 0.5)), 8.0);
}
