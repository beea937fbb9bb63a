// One triangle over the whole picture.

uniform vec2 pixels;                     // width and height of the picture

in vec2 in_corner;                       // 0 to 1 over the picture from its top left, and beyond

out vec2 v_pixel;

void main() {
    v_pixel = in_corner * pixels;
    gl_Position = vec4(in_corner * 2.0 - 1.0, 0.0, 1.0);
}
