// The light of a stage: an environment far away, and one sun. Shared by the object and the ground.

uniform sampler2D environment;   // latitude-longitude, linear radiance, row 0 is straight up; mip-mapped

const float PI = 3.14159265;

vec2 latitude_longitude(vec3 direction) {
    return vec2(atan(direction.y, direction.x) * (0.5 / PI) + 0.5, acos(clamp(direction.z, -1.0, 1.0)) / PI);
}

vec3 environment_radiance(vec3 direction, float lod) {
    return textureLod(environment, latitude_longitude(direction), lod).rgb;
}

// Identity up to the knee, so that ordinary colours do not change; above it highlights are compressed and never clip.
vec3 tone_map(vec3 radiance) {
    const float knee = 0.8;
    vec3 over = max(radiance - knee, 0.0);
    return min(radiance, knee) + over / (1.0 + over / (1.0 - knee));
}
