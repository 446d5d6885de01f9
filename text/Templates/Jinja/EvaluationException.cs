namespace HunyuanOrleans.Text.Templates.Jinja;

/// <summary>
/// An error during rendering, without a line number: filters and methods do not know the line. <see cref="JinjaTemplate"/> converts it to a
/// <see cref="TemplateException"/>, so callers never see it.
/// </summary>
internal sealed class EvaluationException(string message) : Exception(message);
