using System.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Text;

/// <summary>Builds an <see cref="OriginText"/>. It charges every character to the budget, which bounds the length.</summary>
internal sealed class OriginTextBuilder(RenderBudget budget)
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _changes = [];
    private bool _startsFromTemplate = true;
    private bool _endsFromTemplate = true;

    public int Length => _text.Length;

    public void Append(OriginText piece)
    {
        if (piece.Length == 0)
        {
            return;
        }

        ChargeGrowth(piece.Length);
        int offset = _text.Length;
        BeginRun(piece.StartsFromTemplate);
        foreach (int change in piece.Changes)
        {
            _changes.Add(offset + change);
            _endsFromTemplate = !_endsFromTemplate;
        }

        _text.Append(piece.Text);
    }

    public void Append(OriginText whole, int start, int length) => Append(whole.Slice(start, length));

    public void Append(ReadOnlySpan<char> piece, bool fromTemplate)
    {
        if (piece.IsEmpty)
        {
            return;
        }

        ChargeGrowth(piece.Length);
        BeginRun(fromTemplate);
        _text.Append(piece);
    }

    public void Append(char piece, bool fromTemplate) => Append([piece], fromTemplate);

    public OriginText ToText() => _text.Length == 0 ? OriginText.Empty : new OriginText(_text.ToString(), _startsFromTemplate, [.. _changes]);

    private void BeginRun(bool fromTemplate)
    {
        if (_text.Length == 0)
        {
            _startsFromTemplate = fromTemplate;
        }
        else if (fromTemplate != _endsFromTemplate)
        {
            _changes.Add(_text.Length);
        }

        _endsFromTemplate = fromTemplate;
    }

    private void ChargeGrowth(int added) => budget.ChargeChars(added, _text.Length + (long)added);
}
