// SPDX-License-Identifier: Apache-2.0
import type * as genai from '@google/genai';
import { llm } from '@livekit/agents';

/** A built-in tool of the service: put it among an agent's tools. */
export abstract class GeminiTool extends llm.ProviderTool {
  /** The tool as setup carries it. */
  abstract toToolConfig(): genai.Tool;
}

/** Grounding with Google Search. */
export class GoogleSearch extends GeminiTool {
  constructor(readonly options: genai.GoogleSearch = {}) {
    super({ id: 'gemini_google_search' });
  }

  toToolConfig(): genai.Tool {
    return { googleSearch: this.options };
  }
}

/** Grounding with Google Maps. */
export class GoogleMaps extends GeminiTool {
  constructor(readonly options: genai.GoogleMaps = {}) {
    super({ id: 'gemini_google_maps' });
  }

  toToolConfig(): genai.Tool {
    return { googleMaps: this.options };
  }
}

/** Lets the model read pages whose addresses are mentioned. */
export class URLContext extends GeminiTool {
  constructor() {
    super({ id: 'gemini_url_context' });
  }

  toToolConfig(): genai.Tool {
    return { urlContext: {} };
  }
}

export interface FileSearchOptions extends genai.FileSearch {
  /** Stores to search, as `fileSearchStores/…`. */
  fileSearchStoreNames: string[];
}

/** Retrieval from file search stores. */
export class FileSearch extends GeminiTool {
  constructor(readonly options: FileSearchOptions) {
    super({ id: 'gemini_file_search' });
  }

  toToolConfig(): genai.Tool {
    return { fileSearch: this.options };
  }
}

/** Lets the model run code it wrote. */
export class ToolCodeExecution extends GeminiTool {
  constructor() {
    super({ id: 'gemini_code_execution' });
  }

  toToolConfig(): genai.Tool {
    return { codeExecution: {} };
  }
}

export interface VertexRAGRetrievalOptions {
  /** Corpora, as `projects/…/ragCorpora/…`. */
  ragResources: string[];
  /** How many passages. @default 3 */
  similarityTopK?: number;
  /** Passages farther away are left out. @default the service's */
  vectorDistanceThreshold?: number;
}

/** Retrieval from Vertex AI RAG corpora. */
export class VertexRAGRetrieval extends GeminiTool {
  readonly ragResources: string[];
  readonly similarityTopK: number;
  readonly vectorDistanceThreshold?: number;

  constructor(options: VertexRAGRetrievalOptions) {
    super({ id: 'gemini_vertex_rag_retrieval' });
    this.ragResources = options.ragResources;
    this.similarityTopK = options.similarityTopK ?? 3;
    if (options.vectorDistanceThreshold !== undefined) {
      this.vectorDistanceThreshold = options.vectorDistanceThreshold;
    }
  }

  toToolConfig(): genai.Tool {
    const threshold = this.vectorDistanceThreshold;
    return {
      retrieval: {
        vertexRagStore: {
          ragResources: this.ragResources.map((ragCorpus) => ({ ragCorpus })),
          similarityTopK: this.similarityTopK,
          ...(threshold !== undefined && { vectorDistanceThreshold: threshold }),
        },
      },
    };
  }
}
