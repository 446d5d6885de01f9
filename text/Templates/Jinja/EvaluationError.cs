namespace HunyuanOrleans.Text.Templates.Jinja;

/// <summary>
/// What goes wrong while rendering, before the line is known: the library of filters and methods knows no lines. It never leaves
/// <see cref="JinjaTemplate"/>, which turns it into a <see cref="TemplateException"/>.
/// </summary>
internal sealed class EvaluationError(string message) : Exception(message);
