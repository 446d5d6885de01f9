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

    /// <summary>The most tokens that a model's MTP layer may guess for a step of an answer.</summary>
    public const int LongestMtp = 8;

    /// <summary>The forms that <see cref="WithMtp"/> takes, for help and error messages.</summary>
    public const string MtpForms = "auto, off, or 1 to 8";

    /// <summary>Most tokens that "auto" guesses with the MTP layer: the vendor's serving command sets it.</summary>
    private const int UsualMtp = 2;

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

    /// <summary>
    /// Most tokens that a step guesses for an answer with the model's own layer for multi-token prediction (MTP), where the text so far suggests none or
    /// fewer right ones. Default 0: none; up to 8. The model must be loaded with that layer. Raising it helps only if the layer is often right several
    /// times in a row, because each further guess takes the layer and lm_head once more.
    /// </summary>
    public int MtpTokens { get; init; }

    /// <summary>
    /// Guesses fewer tokens with the MTP layer, down to none, while that does not pay. Default true. If false, every step guesses <see cref="MtpTokens"/>.
    /// </summary>
    public bool MtpAdaptive { get; init; } = true;

    /// <summary>These options with guesses of the MTP layer: auto, off, or a fixed number of tokens.</summary>
    /// <returns>Null if the text is none of <see cref="MtpForms"/>.</returns>
    public SpeculationOptions? WithMtp(string text) => text.ToLowerInvariant() switch
    {
        "auto" => this with { MtpTokens = UsualMtp, MtpAdaptive = true },
        "off" => this with { MtpTokens = 0, MtpAdaptive = true },
        _ => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int tokens) && tokens is >= 1 and <= LongestMtp
            ? this with { MtpTokens = tokens, MtpAdaptive = false }
            : null,
    };

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
