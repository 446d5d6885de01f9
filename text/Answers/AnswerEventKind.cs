namespace HunyuanOrleans.Text.Answers;

/// <summary>The kind of a piece of an answer.</summary>
public enum AnswerEventKind
{
    /// <summary>Text that the user sees.</summary>
    Content,

    /// <summary>Reasoning before the answer.</summary>
    Reasoning,

    /// <summary>The beginning of a call. The text is the name of the function.</summary>
    CallBegin,

    /// <summary>The next part of the current call's arguments, as JSON.</summary>
    CallArguments,

    /// <summary>The end of the current call. A call without it is incomplete. The text is empty.</summary>
    CallEnd,
}
