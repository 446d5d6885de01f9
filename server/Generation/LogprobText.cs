using System.Text;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Generation;

/// <summary>How log probabilities spell a token, and numbers that JSON has no word for.</summary>
internal static class LogprobText
{
    // What OpenAI's API shows for tokens that cannot come.
    private const float Least = -9999;

    /// <summary>A token's text; bytes that are not a whole character read as U+FFFD.</summary>
    public static string Of(ITokenText text, int id) => Encoding.UTF8.GetString(text.TokenBytes(id));

    /// <summary>A log probability that JSON can hold.</summary>
    public static float Finite(float logProbability) => float.IsFinite(logProbability) ? Math.Max(logProbability, Least) : Least;
}
