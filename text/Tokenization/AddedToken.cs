namespace HunyuanOrleans.Text.Tokenization;

/// <summary>A token recognised as a whole, by its text, when a caller asks for that.</summary>
/// <param name="Id">The token id.</param>
/// <param name="Text">The text, not empty.</param>
/// <param name="Special">Whether skipping special tokens skips it.</param>
/// <param name="Normalized">Whether it is looked for in the normalised text, else in the text as given.</param>
internal sealed record AddedToken(int Id, string Text, bool Special, bool Normalized);
