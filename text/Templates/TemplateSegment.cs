namespace HunyuanOrleans.Text.Templates;

/// <summary>A piece of a rendering and who wrote it.</summary>
/// <param name="Text">The text, never empty.</param>
/// <param name="FromTemplate">
/// True where the template itself wrote the text, so that special tokens in it are meant; false for everything that stems from
/// messages, tools or variables of the request, in which special-token text is ordinary text.
/// </param>
public readonly record struct TemplateSegment(string Text, bool FromTemplate);
