using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>A string, with the origin of each character.</summary>
internal sealed class StringValue(OriginText text) : Value
{
    public static readonly StringValue Empty = new(OriginText.Empty);

    public OriginText OriginText => text;

    public string Text => text.Text;

    public override string TypeName => "str";

    public override bool IsTrue => text.Length > 0;

    public static StringValue FromTemplate(string text) => new(new OriginText(text, fromTemplate: true));

    public static StringValue FromRequest(string text) => new(new OriginText(text, fromTemplate: false));
}
