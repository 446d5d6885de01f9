using HunyuanOrleans.Model;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Train.Data;

/// <summary>
/// The special tokens between which a chat template writes answers, and the publisher's rule for what is trained: from the k-th begin to the k-th end, both
/// included, for every k. Pairs are formed by order, so a pair whose end is before its begin labels nothing.
/// </summary>
/// <param name="Begin">The token before an answer.</param>
/// <param name="End">The token after it.</param>
public readonly record struct AnswerMarks(int Begin, int End)
{
    // The marks of the published templates: Hunyuan-Large and A13B, and the dense models.
    private static readonly (string Begin, string End)[] Known =
    [
        ("<|extra_0|>", "<|eos|>"),
        ("<｜hy_Assistant｜>", "<｜hy_place▁holder▁no▁2｜>"),
    ];

    /// <summary>Finds the marks that a model's template uses.</summary>
    /// <exception cref="ModelException">The template uses none of the known marks.</exception>
    public static AnswerMarks Find(Tokenizer tokenizer, ChatEncoder encoder)
    {
        int[] probe = encoder.Encode(new ChatTemplateInput { Messages = [ChatMessage.User("a"), ChatMessage.Assistant("b")], AddGenerationPrompt = false });
        foreach ((string begin, string end) in Known)
        {
            if (tokenizer.SpecialId(begin) is { } first && tokenizer.SpecialId(end) is { } last && probe.Contains(first) && probe.Contains(last))
            {
                return new AnswerMarks(first, last);
            }
        }

        string allowed = string.Join(", ", Known.Select(static pair => $"{pair.Begin} … {pair.End}"));
        throw new ModelException(
            $"The chat template does not write answers between special tokens that are known; allowed: {allowed}. "
            + "Give lines with input_ids and labels instead.");
    }

    /// <summary>The labels of a rendered chat.</summary>
    public int[] Label(ReadOnlySpan<int> ids)
    {
        int[] labels = new int[ids.Length];
        Array.Fill(labels, TrainingExample.Ignored);
        List<int> begins = [], ends = [];
        for (int i = 0; i < ids.Length; i++)
        {
            if (ids[i] == Begin)
            {
                begins.Add(i);
            }

            if (ids[i] == End)
            {
                ends.Add(i);
            }
        }

        for (int pair = 0; pair < Math.Min(begins.Count, ends.Count); pair++)
        {
            for (int i = begins[pair]; i <= ends[pair]; i++)
            {
                labels[i] = ids[i];
            }
        }

        return labels;
    }
}
