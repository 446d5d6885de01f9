namespace HunyuanOrleans.Text.Tokenization;

/// <summary>A token with a special meaning, which ordinary text never encodes to.</summary>
/// <param name="Id">The token id.</param>
/// <param name="Text">The text that templates write it as, such as <c>&lt;|eos|&gt;</c>.</param>
public readonly record struct SpecialToken(int Id, string Text);
