using System.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Text;

/// <summary>Builds a <see cref="TracedText"/> piece by piece, and stops with an error where it would grow past its limit.</summary>
internal sealed class TracedBuilder(Budget budget)
{
    private readonly StringBuilder text = new();
    private readonly List<int> flips = [];
    private bool first = true;
    private bool current = true;

    public int Length => text.Length;

    public void Append(TracedText piece)
    {
        if (piece.Length == 0)
        {
            return;
        }

        Grow(piece.Length);
        int offset = text.Length;
        Turn(piece.First);
        foreach (int flip in piece.Flips)
        {
            flips.Add(offset + flip);
            current = !current;
        }

        text.Append(piece.Text);
    }

    public void Append(TracedText whole, int start, int length) => Append(whole.Slice(start, length));

    public void Append(ReadOnlySpan<char> piece, bool fromTemplate)
    {
        if (piece.IsEmpty)
        {
            return;
        }

        Grow(piece.Length);
        Turn(fromTemplate);
        text.Append(piece);
    }

    public void Append(char piece, bool fromTemplate) => Append([piece], fromTemplate);

    public TracedText ToText() => text.Length == 0 ? TracedText.Empty : new TracedText(text.ToString(), first, [.. flips]);

    private void Turn(bool origin)
    {
        if (text.Length == 0)
        {
            first = origin;
        }
        else if (origin != current)
        {
            flips.Add(text.Length);
        }

        current = origin;
    }

    private void Grow(int added) => budget.ChargeChars(added, text.Length + (long)added);
}
