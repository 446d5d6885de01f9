namespace HunyuanOrleans.Server.Generation;

/// <summary>The shape in which answers are given: chats or completions. It knows neither the engine nor how bytes are sent.</summary>
internal interface IAnswerFormat
{
    /// <summary>gen_ai.operation.name.</summary>
    string Operation { get; }

    /// <summary>The first letters of an answer's id.</summary>
    string IdPrefix { get; }

    /// <summary>The field object of chunks.</summary>
    string ChunkObject { get; }

    /// <summary>The field object of whole answers.</summary>
    string WholeObject { get; }

    /// <summary>Starts an answer.</summary>
    /// <param name="index">Which of the request's.</param>
    /// <param name="prompt">Which prompt it answers.</param>
    IChoiceFormat Choice(int index, int prompt);
}
