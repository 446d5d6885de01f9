namespace HunyuanOrleans.Text.Tokenization;

/// <summary>A token that stands for itself and never comes out of ordinary text.</summary>
/// <param name="Id">The token id.</param>
/// <param name="Text">The text it is written as, such as <c>&lt;|eos|&gt;</c>.</param>
public readonly record struct SpecialToken(int Id, string Text);
