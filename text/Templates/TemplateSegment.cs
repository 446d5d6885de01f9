namespace HunyuanOrleans.Text.Templates;

/// <summary>A piece of rendered text with its origin.</summary>
/// <param name="Text">The text, never empty.</param>
/// <param name="FromTemplate">
/// True if the text comes from the template, so that special tokens in it are recognised. False if it comes from messages, tools or
/// variables of the request, where the text of a special token is ordinary text.
/// </param>
public readonly record struct TemplateSegment(string Text, bool FromTemplate);
