using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>Text, each character of which knows who wrote it.</summary>
internal sealed class StringValue(TracedText text) : Value
{
    public static readonly StringValue Empty = new(TracedText.Empty);

    public TracedText Traced => text;

    public string Text => text.Text;

    public override string TypeName => "str";

    public override bool IsTrue => text.Length > 0;

    public static StringValue FromTemplate(string text) => new(new TracedText(text, fromTemplate: true));

    public static StringValue FromRequest(string text) => new(new TracedText(text, fromTemplate: false));
}
