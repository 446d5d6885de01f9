using System.Text;

namespace HunyuanOrleans.Text.Tests.Tokenization;

/// <summary>Creates short random texts from characters that the split pattern and normalisation treat differently.</summary>
internal static class RandomText
{
    private static readonly string[] Members =
    [
        " ", " ", "  ", "\t", "\n", "\r\n", "\r", "\u00A0", "\u2028", "\u3000", "\u0085",
        "a", "B", "'", "'s", "'RE", "'ll", "'T", "'v", "1", "23", "\u00BD",
        "\u0661", "!", "?!", "_", "-", "\u00E9", "e\u0301", "\u0323", "\u0301", "\u4E2D", "\u6587", "\u3042", "\u1112\u1161\u11AB",
        "\uD55C", "\u212B", "\u0958", "\uFDD0", "\u00AD", "\u200D", "\0", "\u007F", "<|eos|>", "<|", "|>",
    ];

    private static readonly string[] AstralMembers =
    [
        "\U0001F600", "\U00020000", "\U0001D7D8", "\U0001D15E", "\U0001F468\u200D\U0001F469", "'\u017F", "\u001C", "\u001F",
    ];

    /// <summary>Creates a text of up to <paramref name="maxMembers"/> members. <paramref name="astral"/> adds characters outside the basic plane and other special cases.</summary>
    public static string Next(Random random, int maxMembers, bool astral)
    {
        var text = new StringBuilder();
        for (int left = random.Next(maxMembers + 1); left > 0; left--)
        {
            int pick = random.Next(Members.Length + (astral ? AstralMembers.Length : 0));
            text.Append(pick < Members.Length ? Members[pick] : AstralMembers[pick - Members.Length]);
        }

        return text.ToString();
    }
}
