using System.Globalization;
using System.Text;
using System.Text.Unicode;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Generation;

/// <summary>The formats of tokens and log probabilities in responses.</summary>
internal static class LogprobFormat
{
    // The value that OpenAI's API shows for impossible tokens.
    private const float Min = -9999;

    /// <summary>A token's text. Bytes that are not a complete character become U+FFFD.</summary>
    public static string Text(ITokenText text, int id) => Encoding.UTF8.GetString(text.TokenBytes(id));

    /// <summary>
    /// A token's text, or its bytes as OpenAI's API for text completions writes them if it is not complete characters: bytes:\xe4\xbd.
    /// </summary>
    public static string Name(ITokenText text, int id)
    {
        ReadOnlySpan<byte> bytes = text.TokenBytes(id);
        if (Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        StringBuilder name = new("bytes:");
        foreach (byte value in bytes)
        {
            name.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}");
        }

        return name.ToString();
    }

    /// <summary>A log probability as a finite number, since JSON has no infinities.</summary>
    public static float Finite(float logProbability) => float.IsFinite(logProbability) ? Math.Max(logProbability, Min) : Min;
}
