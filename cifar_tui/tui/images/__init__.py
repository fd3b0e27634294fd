"""Images through the terminal's own graphics, where it has any, else in half blocks.

textual-image, the library for this, was weighed and does not fit: its import waits for the terminal, up to 0.2 s, and
takes keys that were pressed meanwhile; it writes images beside Textual's own writer, into the middle of a frame at
times; the number of a kitty image is a colour to it, which is another one under a dialog and on 256 colours; and a cut
through the middle of a sixel leaves escape sequences on the screen. So the two encodings are here, small as they are.

A widget leaves the cells of an image free. Over its lines `strips.ImageStrip` lays what draws them, and takes it along
when Textual cuts a line: what covers an image, moves it or goes away is right without more. Where Textual changes
colours, below a dialog for one, half blocks are drawn as segments.
"""
