namespace HunyuanOrleans.Text.Tokenization;

/// <summary>Cuts text into the pieces that byte pairs are merged in. Implementations are immutable. They know nothing of tokens.</summary>
internal interface IPieceSplitter
{
    /// <summary>
    /// The end (exclusive) of the piece that starts at <paramref name="start"/>, which is less than the length of the text.
    /// <paramref name="dropped"/> says that these chars give no piece at all.
    /// </summary>
    int Next(ReadOnlySpan<char> text, int start, out bool dropped);
}
