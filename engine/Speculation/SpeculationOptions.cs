using System.Globalization;

namespace HunyuanOrleans.Engine.Speculation;

/// <summary>
/// Whether, and how far, tokens are guessed ahead of an answer and verified together. Guesses change the speed of answers and none of their tokens.
/// </summary>
public sealed record SpeculationOptions
{
    /// <summary>The most tokens that a step may guess for an answer.</summary>
    public const int Longest = 64;

    /// <summary>The forms that <see cref="Parse"/> takes, for help and error messages.</summary>
    public const string Forms = "auto, off, or 1 to 64";

    /// <summary>No token is guessed.</summary>
    public static readonly SpeculationOptions Off = new() { MaxTokens = 0 };

    /// <summary>
    /// Most tokens that a step guesses for an answer. Default 16; 0 to 64. 0 guesses none. Raising it helps only answers that repeat long passages.
    /// </summary>
    public int MaxTokens { get; init; } = 16;

    /// <summary>
    /// Guesses fewer tokens, down to none, for answers whose guesses are often wrong, and when measured steps show that more rows cost more than they
    /// gain. Default true. If false, every step guesses <see cref="MaxTokens"/> wherever the text so far suggests as many.
    /// </summary>
    public bool Adaptive { get; init; } = true;

    /// <summary>Reads auto, off, or a fixed number of tokens.</summary>
    /// <returns>Null if the text is none of <see cref="Forms"/>.</returns>
    public static SpeculationOptions? Parse(string text) => text.ToLowerInvariant() switch
    {
        "auto" => new SpeculationOptions(),
        "off" => Off,
        _ => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int tokens) && tokens is >= 1 and <= Longest
            ? new SpeculationOptions { MaxTokens = tokens, Adaptive = false }
            : null,
    };
}
