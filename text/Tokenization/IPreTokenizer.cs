namespace HunyuanOrleans.Text.Tokenization;

/// <summary>Splits text into the pieces within which byte pairs are merged. Implementations are immutable.</summary>
internal interface IPreTokenizer
{
    /// <summary>Finds the end of a piece.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">The start of the piece; less than the length of the text.</param>
    /// <param name="dropped">Whether the chars are removed instead of making a piece.</param>
    /// <returns>The end (exclusive) of the piece, greater than <paramref name="start"/>.</returns>
    int Next(ReadOnlySpan<char> text, int start, out bool dropped);
}
