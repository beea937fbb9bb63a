// Writes nothing but depth; cuts out what is transparent.

#ifdef CUTOUT
uniform float alpha_cutoff;
in vec2 v_uv;
in float v_alpha;
#ifdef BASE_COLOR_TEXTURE
uniform sampler2D base_color_texture;
#endif
#endif

void main() {
#ifdef CUTOUT
    float alpha = v_alpha;
#ifdef BASE_COLOR_TEXTURE
    alpha *= texture(base_color_texture, v_uv).a;
#endif
    if (alpha < alpha_cutoff) discard;
#endif
}
