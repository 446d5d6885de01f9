namespace HunyuanOrleans.Text.Tokenization;

/// <summary>A token that is recognised by its whole text, if the caller asks for that.</summary>
/// <param name="Id">The token id.</param>
/// <param name="Text">The text, not empty.</param>
/// <param name="Special">Whether it is a special token, which decoding may skip.</param>
/// <param name="Normalized">Whether it is matched in normalised text instead of raw text.</param>
internal sealed record AddedToken(int Id, string Text, bool Special, bool Normalized);
